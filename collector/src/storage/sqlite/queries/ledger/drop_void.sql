DELETE FROM voids
WHERE no = ?1 AND NOT EXISTS (SELECT 1 FROM publications WHERE void = ?1 AND state = 'running')
