INSERT INTO progress (one, cursor, model) VALUES (1, 0, ?1)
ON CONFLICT (one) DO UPDATE SET cursor = 0, model = excluded.model
