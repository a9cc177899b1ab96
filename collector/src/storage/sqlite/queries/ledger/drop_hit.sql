DELETE FROM hits WHERE lead = ?1 AND rule = ?2 AND event = ?3
