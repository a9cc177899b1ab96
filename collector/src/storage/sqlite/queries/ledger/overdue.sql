WITH due AS (
    SELECT leads.*, stage_at + CASE stage WHEN 2 THEN :mql WHEN 3 THEN :sal ELSE :sql END AS due_at
    FROM leads
    WHERE site = :site AND stage IN (2, 3, 4)
      AND NOT EXISTS (SELECT 1 FROM restrictions WHERE lead = leads.key AND kind = 'restricted')
)
SELECT key, site, stage, first_seen, known_at, last_seen, domain, country, attributes, first_origin, last_origin,
       total, fit, engagement, reasons, mql_at, mql_total, mql_fit, mql_engagement,
       stage_at, stage_by, scored_at, verified_at
FROM due
WHERE due_at <= :now AND (due_at, key) > (:after_at, :after_key)
ORDER BY due_at, key
LIMIT :limit
