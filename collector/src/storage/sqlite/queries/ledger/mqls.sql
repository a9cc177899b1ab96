-- First which, from an index that holds all that decides, and then those as a whole: rows are wide.
SELECT key, site, stage, first_seen, known_at, last_seen, domain, country, attributes, first_origin, last_origin,
       total, fit, engagement, reasons, mql_at, mql_total, mql_fit, mql_engagement,
       stage_at, stage_by, scored_at, verified_at
FROM leads
WHERE key IN (
    SELECT key FROM leads
    WHERE site = :site AND mql_at IS NOT NULL AND mql_at >= :from AND mql_at < :before
      AND (:stage IS NULL OR stage = :stage)
      AND (:channel IS NULL OR :channel = CASE WHEN :by_last THEN last_channel ELSE first_channel END)
      AND NOT EXISTS (SELECT 1 FROM restrictions WHERE lead = leads.key AND kind = 'restricted')
      AND (mql_at, key) < (:after_at, :after_key)
    ORDER BY mql_at DESC, key DESC
    LIMIT :limit
)
ORDER BY mql_at DESC, key DESC
