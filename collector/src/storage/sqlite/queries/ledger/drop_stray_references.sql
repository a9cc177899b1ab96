-- Of whom leads, restrictions and what was said of somebody do not know.
DELETE FROM audit_subjects
WHERE lead NOT IN (SELECT key FROM leads) AND lead NOT IN (SELECT lead FROM restrictions)
  AND lead NOT IN (SELECT lead FROM earlier_transitions) AND lead NOT IN (SELECT lead FROM transitions)
  AND lead NOT IN (SELECT lead FROM overrides)
