DELETE FROM events WHERE lead = ?1 AND at < ?2
