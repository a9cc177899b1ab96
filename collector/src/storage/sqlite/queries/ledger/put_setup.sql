INSERT INTO setup (one, token, expires_at) VALUES (1, ?1, ?2)
ON CONFLICT (one) DO UPDATE SET token = excluded.token, expires_at = excluded.expires_at
