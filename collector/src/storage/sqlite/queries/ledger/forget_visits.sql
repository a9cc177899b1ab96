DELETE FROM visits WHERE last_at < ?1
