DELETE FROM main.transitions WHERE site = ?1 AND actor_role = 'collector' AND id <= ?2
