SELECT count(*) FROM leads
WHERE site = :site AND last_seen >= :from AND last_seen < :before
  AND (:stage IS NULL OR stage = :stage)
  AND (:channel IS NULL OR :channel = CASE WHEN :by_last THEN last_channel ELSE first_channel END)
  AND NOT EXISTS (SELECT 1 FROM restrictions WHERE lead = leads.key AND kind = 'restricted')
