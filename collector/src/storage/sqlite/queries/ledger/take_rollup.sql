-- A count whose time is over is no more, and is not taken from.
UPDATE rollups SET visits = visits + ?6, leads = leads + ?7, mqls = mqls + ?8
WHERE site = ?1 AND dimension = ?2 AND attribution = ?3 AND day = ?4 AND key = ?5
