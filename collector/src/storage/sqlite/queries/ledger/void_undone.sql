UPDATE voids SET state = 'undone', undone_at = ?2 WHERE no = ?1 AND state = 'in_force'
