DELETE FROM setup WHERE one = 1 AND token = ?1 AND expires_at > ?2
