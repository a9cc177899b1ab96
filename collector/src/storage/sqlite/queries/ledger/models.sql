SELECT site, hash, name, text, made_at, made_by_role, made_by FROM models WHERE site = ?1 ORDER BY made_at DESC, hash
