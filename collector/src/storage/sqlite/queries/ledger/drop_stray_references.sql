DELETE FROM audit_subjects
WHERE lead NOT IN (SELECT key FROM leads) AND lead NOT IN (SELECT lead FROM restrictions)
