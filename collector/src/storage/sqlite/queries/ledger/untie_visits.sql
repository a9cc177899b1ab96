UPDATE visits SET lead = NULL WHERE lead = ?1
