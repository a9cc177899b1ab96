SELECT day, key, visits, leads, mqls
FROM rollups
WHERE site = ?1 AND dimension = ?2 AND attribution = ?3 AND day BETWEEN ?4 AND ?5
ORDER BY day, key
