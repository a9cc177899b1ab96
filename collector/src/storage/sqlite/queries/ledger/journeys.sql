-- Leads that became known in one time, and those that became MQLs in another; each once. What somebody asked to be
-- left alone is not looked at.
SELECT key, known_at, mql_at, first_origin, last_origin, touches
FROM leads
WHERE site = :site AND known_at >= :known_from AND known_at < :known_before
  AND NOT EXISTS (SELECT 1 FROM restrictions WHERE lead = leads.key AND kind = 'restricted')
UNION ALL
SELECT key, known_at, mql_at, first_origin, last_origin, touches
FROM leads
WHERE site = :site AND mql_at IS NOT NULL AND mql_at >= :mql_from AND mql_at < :mql_before
  AND NOT (known_at >= :known_from AND known_at < :known_before)
  AND NOT EXISTS (SELECT 1 FROM restrictions WHERE lead = leads.key AND kind = 'restricted')
