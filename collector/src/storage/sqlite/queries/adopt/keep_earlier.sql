INSERT INTO main.earlier_transitions (publication, lead, site, at, from_stage, to_stage, reason, total, fit, engagement,
                                      model, lines, number, announce)
SELECT ?2, lead, site, at, from_stage, to_stage, reason, total, fit, engagement, model, lines,
       coalesce(same_as, id), announce
FROM main.transitions WHERE site = ?1 AND actor_role = 'collector' ORDER BY id
