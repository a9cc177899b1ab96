SELECT role FROM sessions WHERE token = ?1 AND expires_at > ?2 AND expires_at <= ?3
