INSERT INTO accounts (role, password) VALUES (?1, ?2)
ON CONFLICT (role) DO UPDATE SET password = excluded.password
