SELECT no, effect, points, from_at, until_at, reason, actor_role, actor, ended_at, ended_role, ended_by
FROM overrides WHERE lead = ?1 ORDER BY no
