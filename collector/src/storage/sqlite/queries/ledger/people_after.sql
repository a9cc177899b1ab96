SELECT id, lead, site, at, from_stage, to_stage, reason, total, fit, engagement, model, lines,
       actor_role, actor, amount, currency
FROM transitions WHERE site = ?1 AND id > ?2 AND actor_role <> 'collector' ORDER BY id
