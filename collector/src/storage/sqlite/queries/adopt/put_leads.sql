INSERT INTO main.leads (
    key, site, stage, first_seen, known_at, last_seen, domain, country, attributes, first_origin, first_channel,
    last_origin, last_channel, total, fit, engagement, reasons, mql_at, mql_total, mql_fit, mql_engagement,
    stage_at, stage_by, scored_at, verified_at, touches, hits
)
SELECT key, site, stage, first_seen, known_at, last_seen, domain, country, attributes, first_origin, first_channel,
       last_origin, last_channel, total, fit, engagement, reasons, mql_at, mql_total, mql_fit, mql_engagement,
       stage_at, stage_by, scored_at, verified_at, touches, hits
FROM replayed.leads WHERE site = ?1 ORDER BY id
