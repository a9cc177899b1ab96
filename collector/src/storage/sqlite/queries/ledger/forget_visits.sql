DELETE FROM visits WHERE last_at < ?1 RETURNING id, visitor
