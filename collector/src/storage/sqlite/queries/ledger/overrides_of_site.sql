SELECT lead, no, effect, points, from_at, until_at, reason, actor_role, actor, ended_at, ended_role, ended_by
FROM overrides WHERE site = ?1 ORDER BY lead, no
