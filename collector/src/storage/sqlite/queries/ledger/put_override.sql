INSERT INTO overrides (lead, no, site, effect, points, from_at, until_at, reason, actor_role, actor,
                       ended_at, ended_role, ended_by)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT (lead, no) DO UPDATE SET ended_at = excluded.ended_at, ended_role = excluded.ended_role,
                                     ended_by = excluded.ended_by
