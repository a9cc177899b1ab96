SELECT day, reason, count FROM outcomes
WHERE site = ?1 AND day BETWEEN ?2 AND ?3
ORDER BY day, reason
