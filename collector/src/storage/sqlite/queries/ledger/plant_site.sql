INSERT INTO sites (no, domain, zone, policy, policy_version, secret, counted_from)
VALUES (?1, ?2, ?3, ?4, ?5, zeroblob(32), ?6)
