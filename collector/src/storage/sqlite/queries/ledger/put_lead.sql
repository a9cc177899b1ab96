INSERT OR REPLACE INTO leads (
    key, site, stage, first_seen, last_seen, domain, country, attributes,
    first_origin, first_channel, last_origin, last_channel,
    total, fit, engagement, reasons, mql_at, mql_total, mql_fit, mql_engagement, known_at,
    stage_at, stage_by, scored_at, touches
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
    ?22, ?23, ?24, ?25)
