INSERT INTO sessions (token, role, expires_at) VALUES (?1, ?2, ?3)
ON CONFLICT (token) DO UPDATE SET role = excluded.role, expires_at = excluded.expires_at
