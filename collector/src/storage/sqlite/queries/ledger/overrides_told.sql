SELECT count(*) + count(ended_at) FROM overrides WHERE site = ?1
