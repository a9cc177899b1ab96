INSERT INTO models (site, hash, name, text, made_at, made_by_role, made_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (site, hash) DO NOTHING
