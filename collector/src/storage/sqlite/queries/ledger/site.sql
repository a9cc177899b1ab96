SELECT no, domain, zone, policy, policy_version, secret, counted_from FROM sites WHERE domain = ?1
