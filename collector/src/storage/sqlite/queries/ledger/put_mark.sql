INSERT INTO shadow (one, takings, people, overrides, voids) VALUES (1, ?1, ?2, ?3, ?4)
ON CONFLICT (one) DO UPDATE SET takings = excluded.takings, people = excluded.people, overrides = excluded.overrides,
    voids = excluded.voids
