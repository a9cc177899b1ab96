DELETE FROM void_places WHERE void NOT IN (SELECT no FROM voids WHERE state IN ('asked', 'in_force'))
