SELECT EXISTS (SELECT 1 FROM main.transitions WHERE id > ?2 AND site = ?1 AND actor_role <> 'collector')
