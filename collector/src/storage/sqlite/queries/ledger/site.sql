SELECT no, domain, zone, policy, policy_version, secret FROM sites WHERE domain = ?1
