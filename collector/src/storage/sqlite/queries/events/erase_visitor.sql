DELETE FROM events WHERE visitor = ?1
