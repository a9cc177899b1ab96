DELETE FROM accounts WHERE role = ?1
