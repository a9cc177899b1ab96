SELECT no, domain, zone, policy, policy_version, secret FROM sites ORDER BY domain
