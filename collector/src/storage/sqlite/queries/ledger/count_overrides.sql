SELECT count(*) FROM overrides WHERE lead = ?1 AND site = ?2
