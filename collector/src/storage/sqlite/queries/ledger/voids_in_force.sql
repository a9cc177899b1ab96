-- Those in force that take out places from the first on; one that is to be added, without one that is to go.
SELECT no FROM voids WHERE last >= ?1 AND (state = 'in_force' OR no = ?2) AND no IS NOT ?3
