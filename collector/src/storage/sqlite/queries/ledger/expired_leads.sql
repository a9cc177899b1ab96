SELECT key FROM leads WHERE site = ?1 AND last_seen < ?2 ORDER BY last_seen, key LIMIT ?3
