UPDATE voids SET state = 'in_force' WHERE no = ?1 AND state = 'asked'
