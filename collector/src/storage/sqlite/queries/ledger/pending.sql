SELECT site, at, from_stage, to_stage, reason, total, fit, engagement, model, lines,
       actor_role, actor, amount, currency
FROM transitions WHERE lead = ?1 AND applied = 0 ORDER BY at, id
