-- What people said of MQLs since they became such.
SELECT transitions.lead, transitions.at, to_stage, amount, currency
FROM leads
JOIN transitions ON transitions.lead = leads.key AND transitions.site = leads.site
WHERE leads.site = :site AND mql_at IS NOT NULL AND mql_at >= :mql_from AND mql_at < :mql_before
  AND actor_role <> 'collector' AND transitions.at >= mql_at
ORDER BY transitions.lead, transitions.at, transitions.id
