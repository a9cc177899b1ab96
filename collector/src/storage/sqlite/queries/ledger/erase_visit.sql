DELETE FROM visits WHERE visitor = ?1
