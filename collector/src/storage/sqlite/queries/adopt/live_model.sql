SELECT coalesce((SELECT live_model FROM main.sites WHERE no = ?1), (SELECT model FROM main.progress WHERE one = 1))
