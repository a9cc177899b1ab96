DELETE FROM leads WHERE key = ?1
