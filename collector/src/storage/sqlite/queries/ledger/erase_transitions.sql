DELETE FROM transitions WHERE lead = ?1
