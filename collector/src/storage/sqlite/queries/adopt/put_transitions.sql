-- What was made before, too, keeps its number and whether it is told; the rest is the publication's.
INSERT INTO main.transitions (lead, site, at, from_stage, to_stage, reason, total, fit, engagement, model, lines,
                              actor_role, actor, published, same_as, announce)
SELECT new.lead, new.site, new.at, new.from_stage, new.to_stage, new.reason, new.total, new.fit, new.engagement,
       new.model, new.lines, new.actor_role, new.actor,
       CASE WHEN old.id IS NULL THEN ?2 ELSE old.published END,
       coalesce(old.same_as, old.id),
       coalesce(old.announce, ?3)
FROM (
    SELECT *, row_number() OVER (PARTITION BY lead, at, from_stage, to_stage ORDER BY id) AS repeat
    FROM replayed.transitions WHERE site = ?1 AND actor_role = 'collector'
) AS new
LEFT JOIN (
    SELECT id, lead, at, from_stage, to_stage, published, same_as, announce,
           row_number() OVER (PARTITION BY lead, at, from_stage, to_stage ORDER BY id) AS repeat
    FROM main.transitions WHERE site = ?1 AND actor_role = 'collector'
) AS old USING (lead, at, from_stage, to_stage, repeat)
ORDER BY new.id
