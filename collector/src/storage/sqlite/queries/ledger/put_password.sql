INSERT INTO owner (one, password) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET password = excluded.password
