SELECT visitor, site, started_at, last_at, origin, lead, hits FROM visits WHERE visitor = ?1
