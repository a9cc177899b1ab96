DELETE FROM leads WHERE key = ?1 AND last_seen < ?2
