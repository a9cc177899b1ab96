SELECT no, site, from_at, to_at, selection, reason, asked_at, asked_by_role, asked_by, events, last, state, undone_at
FROM voids WHERE no = ?1
