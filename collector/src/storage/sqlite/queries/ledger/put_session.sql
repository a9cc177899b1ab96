INSERT INTO sessions (token, expires_at) VALUES (?1, ?2)
