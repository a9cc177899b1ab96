DELETE FROM events WHERE site = ?1 AND at < ?2 AND seq > ?3 AND seq <= ?4 AND lead IS NULL
