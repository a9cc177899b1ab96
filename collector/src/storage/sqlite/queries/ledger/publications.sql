SELECT id, site, model, asked_at, asked_by_role, asked_by, announce, state, ended_at, entered, departed, problem,
       void, undo
FROM publications WHERE site = ?1 ORDER BY id DESC
