SELECT day, key, sum(visits) AS visits, sum(leads) AS leads, sum(mqls) AS mqls
FROM rollups
WHERE site = ?1 AND dimension = ?2 AND attribution IN (?3, ?4) AND day BETWEEN ?5 AND ?6
GROUP BY day, key
ORDER BY day, key
