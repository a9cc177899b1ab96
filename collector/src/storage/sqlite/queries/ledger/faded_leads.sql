SELECT key FROM leads
WHERE scored_at < ?1
  AND NOT EXISTS (SELECT 1 FROM restrictions WHERE lead = leads.key AND kind = 'restricted')
ORDER BY scored_at, key LIMIT ?2
