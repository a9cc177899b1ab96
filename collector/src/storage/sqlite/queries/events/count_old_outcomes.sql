SELECT count(*) FROM outcomes WHERE site = ?1 AND day < ?2
