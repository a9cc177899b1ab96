DELETE FROM main.hits WHERE lead IN (SELECT key FROM main.leads WHERE site = ?1)
