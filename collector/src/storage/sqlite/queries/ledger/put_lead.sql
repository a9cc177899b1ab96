INSERT INTO leads (
    key, site, stage, first_seen, last_seen, domain, country, attributes,
    first_origin, first_channel, last_origin, last_channel,
    total, fit, engagement, reasons, mql_at, mql_total, mql_fit, mql_engagement, known_at,
    stage_at, stage_by, scored_at, touches, hits, verified_at
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
    ?22, ?23, ?24, ?25, ?26, ?27)
ON CONFLICT (key) DO UPDATE SET
    site = excluded.site, stage = excluded.stage, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
    domain = excluded.domain, country = excluded.country, attributes = excluded.attributes,
    first_origin = excluded.first_origin, first_channel = excluded.first_channel,
    last_origin = excluded.last_origin, last_channel = excluded.last_channel,
    total = excluded.total, fit = excluded.fit, engagement = excluded.engagement, reasons = excluded.reasons,
    mql_at = excluded.mql_at, mql_total = excluded.mql_total, mql_fit = excluded.mql_fit,
    mql_engagement = excluded.mql_engagement, known_at = excluded.known_at, stage_at = excluded.stage_at,
    stage_by = excluded.stage_by, scored_at = excluded.scored_at, touches = excluded.touches, hits = excluded.hits,
    verified_at = excluded.verified_at
