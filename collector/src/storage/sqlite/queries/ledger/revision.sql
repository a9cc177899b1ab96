SELECT coalesce((SELECT cursor FROM progress WHERE one = 1), 0) + (SELECT count(*) FROM sites)
