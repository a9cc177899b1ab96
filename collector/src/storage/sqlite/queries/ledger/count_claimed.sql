SELECT count(*) FROM leads
WHERE site = ?1 AND known_at >= ?2 AND known_at < ?3 AND first_channel = ?4 AND verified_at IS NULL
