INSERT INTO sites (domain, zone, policy, secret) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (domain) DO NOTHING
