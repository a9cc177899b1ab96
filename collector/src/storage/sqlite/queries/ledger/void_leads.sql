-- Leads without a row of their own.
SELECT lead FROM earlier_transitions WHERE site = ?1 AND lead NOT IN (SELECT key FROM leads)
UNION SELECT lead FROM transitions
WHERE site = ?1 AND actor_role <> 'collector' AND lead NOT IN (SELECT key FROM leads)
UNION SELECT lead FROM overrides WHERE site = ?1 AND lead NOT IN (SELECT key FROM leads)
ORDER BY lead LIMIT ?2
