DELETE FROM events WHERE lead = ?1
