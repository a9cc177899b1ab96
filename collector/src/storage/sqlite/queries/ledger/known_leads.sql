SELECT key, site, stage, first_seen, known_at, last_seen, domain, country, attributes, first_origin, last_origin,
       total, fit, engagement, reasons, mql_at, mql_total, mql_fit, mql_engagement,
       stage_at, stage_by, scored_at, verified_at
FROM leads
WHERE site = :site AND known_at >= :from AND known_at < :before
  AND NOT EXISTS (SELECT 1 FROM restrictions WHERE lead = leads.key AND kind = 'restricted')
ORDER BY known_at, key
