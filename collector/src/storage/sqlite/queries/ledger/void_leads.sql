-- Leads without a row of their own; whoever asked not to be processed is in no list.
SELECT lead FROM (
    SELECT lead FROM earlier_transitions WHERE site = ?1
    UNION SELECT lead FROM transitions WHERE site = ?1 AND actor_role <> 'collector'
    UNION SELECT lead FROM overrides WHERE site = ?1
)
WHERE lead NOT IN (SELECT key FROM leads)
  AND lead NOT IN (SELECT lead FROM restrictions WHERE kind = 'restricted')
ORDER BY lead LIMIT ?2
