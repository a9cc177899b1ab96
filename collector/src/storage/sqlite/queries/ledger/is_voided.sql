SELECT coalesce((SELECT last FROM void_places WHERE void = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1), -1) >= ?2
