SELECT publication, at, from_stage, to_stage, reason, total, fit, engagement, model, lines,
       'collector' AS actor_role, 'mqlite' AS actor, NULL AS amount, NULL AS currency
FROM earlier_transitions WHERE lead = ?1 AND site = ?2 ORDER BY publication, at, id
