SELECT count(*) FROM transitions WHERE lead = ?1
