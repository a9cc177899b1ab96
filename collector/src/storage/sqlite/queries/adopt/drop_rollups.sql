DELETE FROM main.rollups WHERE site = ?1 AND day >= coalesce(?2, day)
