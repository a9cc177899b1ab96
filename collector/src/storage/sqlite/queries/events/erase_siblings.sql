DELETE FROM events
WHERE lead IS NULL AND visitor IN (SELECT visitor FROM events WHERE lead = ?1 AND visitor IS NOT NULL)
