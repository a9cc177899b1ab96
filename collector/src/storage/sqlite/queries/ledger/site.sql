SELECT no, domain, zone, policy, policy_version, secret, identity_secret, identity_secret_before, counted_from FROM sites WHERE domain = ?1
