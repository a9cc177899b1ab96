DELETE FROM main.visits WHERE site = ?1
