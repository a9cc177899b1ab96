DELETE FROM hits WHERE lead = ?1
