SELECT no, domain, zone, policy, secret, counted_from FROM sites WHERE domain = ?1
