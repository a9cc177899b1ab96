SELECT coalesce(same_as, id) AS number, lead, site, at, from_stage, to_stage, reason, total, fit, engagement,
       model, lines, actor_role, actor, amount, currency
FROM transitions WHERE announce = 1 AND coalesce(same_as, id) > ?1 ORDER BY coalesce(same_as, id) LIMIT ?2
