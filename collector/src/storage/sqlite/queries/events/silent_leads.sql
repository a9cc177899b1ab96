SELECT lead FROM events WHERE site = ?1 AND lead IS NOT NULL
GROUP BY lead HAVING max(at) < ?2 ORDER BY lead
