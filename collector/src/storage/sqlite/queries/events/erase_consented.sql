-- ?3: also what nobody proved.
DELETE FROM events WHERE lead = ?1 AND (signal <> ?2 OR (?3 AND trust <> ?4))
