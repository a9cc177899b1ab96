UPDATE sites SET policy = ?2, policy_version = policy_version + 1 WHERE domain = ?1
