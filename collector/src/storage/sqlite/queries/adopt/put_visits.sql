INSERT INTO main.visits SELECT * FROM replayed.visits WHERE site = ?1 AND last_at >= ?2 ORDER BY visitor
