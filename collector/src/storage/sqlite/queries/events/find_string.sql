SELECT id FROM strings WHERE value = ?1
