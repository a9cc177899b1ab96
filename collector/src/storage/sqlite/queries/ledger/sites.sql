SELECT no, domain, zone, policy, secret FROM sites ORDER BY domain
