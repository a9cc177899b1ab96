-- All that match, less the few that asked not to be processed: to ask of each whether it did would cost more.
SELECT count(*) - (
    SELECT count(*) FROM restrictions CROSS JOIN leads ON leads.key = restrictions.lead
    WHERE kind = 'restricted' AND leads.site = :site AND last_seen >= :from AND last_seen < :before
    AND (:stage IS NULL OR stage = :stage)
    AND (:channel IS NULL OR :channel = CASE WHEN :by_last THEN last_channel ELSE first_channel END)
)
FROM leads
WHERE leads.site = :site AND last_seen >= :from AND last_seen < :before
  AND (:stage IS NULL OR stage = :stage)
  AND (:channel IS NULL OR :channel = CASE WHEN :by_last THEN last_channel ELSE first_channel END)
