DELETE FROM main.leads WHERE site = ?1
