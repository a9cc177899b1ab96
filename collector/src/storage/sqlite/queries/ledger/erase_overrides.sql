DELETE FROM overrides WHERE lead = ?1
