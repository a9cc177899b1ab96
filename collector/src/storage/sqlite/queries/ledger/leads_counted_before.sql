SELECT key FROM leads WHERE site = ?1 AND (known_at < ?2 OR mql_at < ?2)
