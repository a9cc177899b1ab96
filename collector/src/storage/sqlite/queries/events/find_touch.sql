SELECT id FROM touches
WHERE channel = ?1 AND source = ?2 AND medium = ?3 AND campaign = ?4
  AND content = ?5 AND term = ?6 AND click_id = ?7 AND referrer = ?8
