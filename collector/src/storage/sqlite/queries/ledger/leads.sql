-- First which, from an index that holds all that decides, and then those as a whole: rows are wide.
SELECT key, site, stage, first_seen, known_at, last_seen, domain, country, attributes, first_origin, last_origin,
       total, fit, engagement, reasons, mql_at, mql_total, mql_fit, mql_engagement,
       stage_at, stage_by, scored_at, verified_at
FROM leads
WHERE key IN (
    SELECT key FROM leads
    WHERE site = :site AND last_seen >= :from AND last_seen < :before
      AND (:stage IS NULL OR stage = :stage)
      AND (:channel IS NULL OR :channel = CASE WHEN :by_last THEN last_channel ELSE first_channel END)
      AND NOT EXISTS (SELECT 1 FROM restrictions WHERE lead = leads.key AND kind = 'restricted')
      AND (last_seen, key) < (:after_at, :after_key)
    ORDER BY last_seen DESC, key DESC
    LIMIT :limit
)
ORDER BY last_seen DESC, key DESC
