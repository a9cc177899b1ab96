SELECT rule, event, at, value FROM hits WHERE lead = ?1 ORDER BY rule, event
