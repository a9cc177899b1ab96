DELETE FROM visits WHERE id = ?1
