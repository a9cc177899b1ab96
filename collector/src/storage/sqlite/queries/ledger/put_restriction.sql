INSERT INTO restrictions (lead, kind, site, since) VALUES (?1, 'restricted', ?2, ?3)
ON CONFLICT (lead, kind) DO NOTHING
