UPDATE main.transitions SET lines = ?2 WHERE id = ?1
