UPDATE visits SET lead = NULL, proven = 0 WHERE lead = ?1
