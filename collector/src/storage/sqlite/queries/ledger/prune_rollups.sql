DELETE FROM rollups WHERE site = ?1 AND day < ?2
