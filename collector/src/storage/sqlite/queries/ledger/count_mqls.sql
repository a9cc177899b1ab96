SELECT count(*) FROM leads
WHERE site = :site AND mql_at IS NOT NULL AND mql_at >= :from AND mql_at < :before
  AND (:stage IS NULL OR stage = :stage)
  AND (:channel IS NULL OR :channel = CASE WHEN :by_last THEN last_channel ELSE first_channel END)
  AND NOT EXISTS (SELECT 1 FROM restrictions WHERE lead = leads.key AND kind = 'restricted')
