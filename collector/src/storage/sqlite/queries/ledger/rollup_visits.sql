SELECT visits FROM rollups
WHERE site = ?1 AND dimension = ?2 AND attribution = ?3 AND day = ?4 AND key = ?5
