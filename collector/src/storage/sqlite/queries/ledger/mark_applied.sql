UPDATE transitions SET applied = 1 WHERE id IN (
    SELECT id FROM transitions WHERE lead = ?1 AND applied = 0 ORDER BY at, id LIMIT ?2
)
