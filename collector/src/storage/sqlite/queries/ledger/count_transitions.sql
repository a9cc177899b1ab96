SELECT count(*) FROM transitions WHERE lead = ?1 AND site = ?2
