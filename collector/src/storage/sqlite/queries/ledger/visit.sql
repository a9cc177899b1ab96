SELECT visitor, site, started_at, last_at, origin, lead, hits, proven FROM visits WHERE id = ?1
