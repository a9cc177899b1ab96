SELECT day FROM rollups
WHERE site = ?1 AND dimension = ?2 AND attribution = ?3 AND visits > 0
ORDER BY day LIMIT 1
