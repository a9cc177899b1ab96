INSERT INTO visits (visitor, site, started_at, last_at, origin, lead, hits) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (visitor) DO UPDATE SET
    started_at = excluded.started_at, last_at = excluded.last_at, origin = excluded.origin,
    lead = excluded.lead, hits = excluded.hits
