SELECT role FROM setup_links WHERE token = ?1 AND expires_at > ?2 AND expires_at <= ?3
