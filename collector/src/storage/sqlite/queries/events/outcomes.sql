SELECT reason, sum(count) AS n FROM outcomes
WHERE site = ?1 AND day BETWEEN ?2 AND ?3 AND reason NOT GLOB 'rung:*'
GROUP BY reason ORDER BY n DESC, reason
