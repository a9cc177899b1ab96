INSERT INTO voids (site, from_at, to_at, selection, reason, asked_at, asked_by_role, asked_by, events, last)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
