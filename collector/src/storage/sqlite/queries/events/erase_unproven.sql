DELETE FROM events WHERE lead = ?1 AND seq <= ?2 AND trust <> ?3
