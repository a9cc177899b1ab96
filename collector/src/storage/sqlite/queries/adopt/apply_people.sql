-- Those of a lead come in the same order in both.
UPDATE main.transitions SET applied = there.applied
FROM (
    SELECT own.id, new.applied
    FROM (
        SELECT id, lead, row_number() OVER (PARTITION BY lead ORDER BY id) AS place
        FROM main.transitions WHERE site = ?1 AND actor_role <> 'collector'
    ) AS own
    JOIN (
        SELECT lead, applied, row_number() OVER (PARTITION BY lead ORDER BY id) AS place
        FROM replayed.transitions WHERE site = ?1 AND actor_role <> 'collector'
    ) AS new USING (lead, place)
) AS there
WHERE main.transitions.id = there.id AND main.transitions.applied <> there.applied
