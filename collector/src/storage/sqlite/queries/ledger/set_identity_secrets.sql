UPDATE sites SET identity_secret = ?2, identity_secret_before = ?3 WHERE no = ?1
