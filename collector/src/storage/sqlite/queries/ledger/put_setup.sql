INSERT INTO setup_links (role, token, expires_at) VALUES (?1, ?2, ?3)
ON CONFLICT (role) DO UPDATE SET token = excluded.token, expires_at = excluded.expires_at
