INSERT INTO shadow (one, takings, people, overrides) VALUES (1, ?1, ?2, ?3)
ON CONFLICT (one) DO UPDATE SET takings = excluded.takings, people = excluded.people, overrides = excluded.overrides
