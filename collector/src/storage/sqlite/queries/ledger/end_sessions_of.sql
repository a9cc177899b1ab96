DELETE FROM sessions WHERE role = ?1
