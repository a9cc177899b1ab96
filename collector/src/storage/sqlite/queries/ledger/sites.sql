    SELECT, no, domain, zone, policy, secret, counted_from, FROM, sites, ORDER, BY, policy_version,
