INSERT INTO restrictions (lead, kind, site, since) VALUES (?1, 'withdrawn', ?2, ?3)
ON CONFLICT (lead, kind) DO UPDATE SET since = excluded.since
