-- A count whose time is over is no more, and is not taken from; one that was made since is not whole.
UPDATE rollups
SET visits = max(0, visits + ?6), leads = max(0, leads + ?7), mqls = max(0, mqls + ?8)
WHERE site = ?1 AND dimension = ?2 AND attribution = ?3 AND day = ?4 AND key = ?5
