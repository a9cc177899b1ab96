UPDATE publications SET state = ?2, ended_at = ?3, problem = ?4, entered = ?5, departed = ?6
WHERE id = ?1 AND state = 'running'
