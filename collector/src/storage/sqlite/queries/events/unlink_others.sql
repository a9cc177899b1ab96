UPDATE events SET visitor = NULL
WHERE lead <> ?1 AND visitor IN (SELECT visitor FROM events WHERE lead = ?1 AND visitor IS NOT NULL)
