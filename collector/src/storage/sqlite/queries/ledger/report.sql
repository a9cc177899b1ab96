SELECT day, key, visits, leads, mqls
FROM (
    SELECT day, key, sum(iif(attribution = ?3, visits, 0)) AS visits,
           sum(iif(attribution = ?4, leads, 0)) AS leads, sum(iif(attribution = ?5, mqls, 0)) AS mqls
    FROM rollups
    WHERE site = ?1 AND dimension = ?2 AND attribution IN (?3, ?4, ?5) AND day BETWEEN ?6 AND ?7
    GROUP BY day, key
)
WHERE visits <> 0 OR leads <> 0 OR mqls <> 0
ORDER BY day, key
