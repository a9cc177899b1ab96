SELECT id FROM agents WHERE browser = ?1 AND os = ?2 AND device = ?3 AND country = ?4
