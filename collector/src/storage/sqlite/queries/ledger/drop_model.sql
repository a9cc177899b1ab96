DELETE FROM models WHERE site = ?1 AND hash = ?2
  AND NOT EXISTS (SELECT 1 FROM sites WHERE no = ?1 AND live_model = ?2)
