SELECT id, site, model, asked_at, asked_by_role, asked_by, announce, state, ended_at, entered, departed, problem,
       void, undo
FROM publications WHERE state = 'running' ORDER BY id LIMIT 1
