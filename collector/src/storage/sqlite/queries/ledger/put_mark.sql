INSERT INTO shadow (one, takings, people) VALUES (1, ?1, ?2)
ON CONFLICT (one) DO UPDATE SET takings = excluded.takings, people = excluded.people
