-- What was made before, too, keeps its number and whether it is told. By a void and by taking it back (?4) that is also
-- a change of which only the moment moved, and one that an earlier void or model took out: what is there now goes
-- first, and of several the newest. The rest is the publication's; but what time did to a lead since it was last scored
-- is told like ever, for the live ledger was only about to make it.
WITH made AS MATERIALIZED (
    SELECT id, lead, at, from_stage, to_stage,
           row_number() OVER (PARTITION BY lead, at, from_stage, to_stage ORDER BY id) AS repeat
    FROM replayed.transitions WHERE site = ?1 AND actor_role = 'collector'
),
here AS MATERIALIZED (
    SELECT coalesce(same_as, id) AS number, lead, at, from_stage, to_stage, announce, published
    FROM main.transitions WHERE site = ?1 AND actor_role = 'collector'
),
known AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY lead, at, from_stage, to_stage ORDER BY gone, number) AS repeat
    FROM (
        SELECT *, 0 AS gone FROM here
        UNION ALL
        SELECT number, lead, at, from_stage, to_stage, announce, NULL, 1 FROM main.earlier_transitions
        WHERE ?4 AND number NOT IN (SELECT number FROM here) AND id IN (
            SELECT max(id) FROM main.earlier_transitions WHERE site = ?1 AND number IS NOT NULL GROUP BY number
        )
    )
),
same AS MATERIALIZED (
    SELECT made.id AS made, known.number
    FROM made JOIN known USING (lead, at, from_stage, to_stage, repeat)
),
moved AS (
    SELECT new.id AS made, old.number
    FROM (
        SELECT id, lead, from_stage, to_stage,
               row_number() OVER (PARTITION BY lead, from_stage, to_stage ORDER BY at DESC, id DESC) AS place
        FROM made WHERE ?4 AND id NOT IN (SELECT made FROM same)
    ) AS new
    JOIN (
        SELECT number, lead, from_stage, to_stage,
               row_number() OVER (PARTITION BY lead, from_stage, to_stage ORDER BY gone, at DESC, number DESC) AS place
        FROM known WHERE ?4 AND number NOT IN (SELECT number FROM same)
    ) AS old USING (lead, from_stage, to_stage, place)
)
INSERT INTO main.transitions (lead, site, at, from_stage, to_stage, reason, total, fit, engagement, model, lines,
                              actor_role, actor, published, same_as, announce)
SELECT new.lead, new.site, new.at, new.from_stage, new.to_stage, new.reason, new.total, new.fit, new.engagement,
       new.model, new.lines, new.actor_role, new.actor,
       CASE WHEN old.gone = 0 AND old.at = new.at THEN old.published ELSE ?2 END,
       old.number,
       coalesce(old.announce, ?3 OR new.at > (
           SELECT max(scored_at, stage_at) FROM main.leads WHERE key = new.lead AND site = ?1
       ), 0)
FROM replayed.transitions AS new
LEFT JOIN (SELECT * FROM same UNION ALL SELECT * FROM moved) AS pair ON pair.made = new.id
LEFT JOIN known AS old ON old.number = pair.number
WHERE new.site = ?1 AND new.actor_role = 'collector'
ORDER BY new.id
