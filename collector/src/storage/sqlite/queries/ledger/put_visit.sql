INSERT INTO visits (visitor, site, started_at, last_at, origin, lead, hits, proven)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
