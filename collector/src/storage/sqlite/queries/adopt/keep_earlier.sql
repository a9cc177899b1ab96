INSERT INTO main.earlier_transitions (publication, lead, site, at, from_stage, to_stage, reason, total, fit, engagement,
                                      model, lines)
SELECT ?2, lead, site, at, from_stage, to_stage, reason, total, fit, engagement, model, lines
FROM main.transitions WHERE site = ?1 AND actor_role = 'collector' ORDER BY id
