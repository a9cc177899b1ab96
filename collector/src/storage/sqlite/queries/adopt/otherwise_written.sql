SELECT old.id, old.lines, new.lines
FROM main.transitions AS old JOIN replayed.transitions AS new USING (lead, at, from_stage, to_stage)
WHERE old.site = ?1 AND old.actor_role = 'collector' AND new.site = ?1 AND new.actor_role = 'collector'
  AND new.lines <> old.lines
