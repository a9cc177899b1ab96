SELECT password FROM accounts WHERE role = ?1
