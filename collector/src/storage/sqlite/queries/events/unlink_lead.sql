UPDATE events SET visitor = NULL WHERE lead = ?1
