INSERT INTO main.visits (visitor, site, started_at, last_at, origin, lead, hits, proven)
SELECT visitor, site, started_at, last_at, origin, lead, hits, proven
FROM replayed.visits WHERE site = ?1 AND last_at >= ?2 ORDER BY id
