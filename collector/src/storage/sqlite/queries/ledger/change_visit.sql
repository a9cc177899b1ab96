UPDATE visits SET site = ?2, started_at = ?3, last_at = ?4, origin = ?5, lead = ?6, hits = ?7, proven = ?8
WHERE id = ?9 AND visitor = ?1
