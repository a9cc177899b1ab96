UPDATE voids SET state = 'dropped'
WHERE state = 'asked' AND no = (SELECT void FROM publications WHERE id = ?1 AND undo = 0)
