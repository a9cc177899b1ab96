SELECT count(*) + count(undone_at) FROM voids WHERE site = ?1 AND state IN ('in_force', 'undone')
