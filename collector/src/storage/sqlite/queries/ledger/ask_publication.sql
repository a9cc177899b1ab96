INSERT INTO publications (site, model, asked_at, asked_by_role, asked_by, announce, void, undo)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT DO NOTHING
