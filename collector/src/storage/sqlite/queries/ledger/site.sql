SELECT no, domain, zone, policy, secret FROM sites WHERE domain = ?1
