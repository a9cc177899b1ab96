INSERT INTO sessions (token, expires_at) VALUES (?1, ?2)
ON CONFLICT (token) DO UPDATE SET expires_at = excluded.expires_at
