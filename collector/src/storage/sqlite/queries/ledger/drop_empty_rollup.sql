DELETE FROM rollups
WHERE site = ?1 AND dimension = ?2 AND attribution = ?3 AND day = ?4 AND key = ?5
    AND visits = 0 AND leads = 0 AND mqls = 0
