INSERT INTO transitions (lead, site, at, from_stage, to_stage, reason, total, fit, engagement, model, lines,
                         actor_role, actor, amount, currency, applied)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 0)
