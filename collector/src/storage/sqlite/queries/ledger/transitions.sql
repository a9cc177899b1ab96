SELECT at, from_stage, to_stage, reason, total, fit, engagement, model, lines,
       actor_role, actor, amount, currency
FROM transitions WHERE lead = ?1 AND site = ?2 ORDER BY at, id
