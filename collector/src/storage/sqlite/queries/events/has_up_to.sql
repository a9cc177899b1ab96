SELECT EXISTS (SELECT 1 FROM events WHERE site = ?1 AND seq <= ?2)
