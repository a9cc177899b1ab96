SELECT key, site, stage, first_seen, known_at, last_seen, domain, country, attributes, first_origin, last_origin,
       total, fit, engagement, reasons, mql_at, mql_total, mql_fit, mql_engagement,
       stage_at, stage_by, scored_at, verified_at, hits
FROM leads
WHERE site = ?1
  AND NOT EXISTS (SELECT 1 FROM restrictions WHERE restrictions.lead = leads.key)
  AND NOT EXISTS (
      SELECT 1 FROM transitions
      WHERE transitions.lead = leads.key AND transitions.site = ?1 AND actor_role <> 'collector'
  )
ORDER BY last_seen DESC, key DESC
