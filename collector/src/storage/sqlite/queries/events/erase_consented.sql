DELETE FROM events WHERE lead = ?1 AND signal <> ?2
