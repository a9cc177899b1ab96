SELECT key FROM leads WHERE site = ?1
