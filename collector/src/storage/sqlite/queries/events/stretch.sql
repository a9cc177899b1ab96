SELECT max(seq), min(at) FROM (SELECT seq, at FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3)
