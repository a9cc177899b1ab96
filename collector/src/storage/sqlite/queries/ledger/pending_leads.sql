SELECT key FROM leads
WHERE key IN (SELECT DISTINCT lead FROM transitions WHERE applied = 0)
  AND NOT EXISTS (SELECT 1 FROM restrictions WHERE lead = leads.key AND kind = 'restricted')
LIMIT ?1
