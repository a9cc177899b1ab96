UPDATE progress SET cursor = ?2 WHERE one = 1 AND cursor = ?1 AND generation = ?3
