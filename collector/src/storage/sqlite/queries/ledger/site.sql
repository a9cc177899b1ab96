SELECT no, domain, zone, policy, secret, counted_from, policy_version FROM sites WHERE domain = ?1
