SELECT count(*) FROM leads
WHERE site = :site AND stage IN (2, 3, 4)
  AND stage_at + CASE stage WHEN 2 THEN :mql WHEN 3 THEN :sal ELSE :sql END <= :now
  AND NOT EXISTS (SELECT 1 FROM restrictions WHERE lead = leads.key AND kind = 'restricted')
