SELECT * FROM audit
WHERE (?1 IS NULL OR action = ?1) AND (?2 IS NULL OR role = ?2) AND (?3 IS NULL OR site = ?3)
    AND (?4 IS NULL OR subject = ?4) AND (?5 IS NULL OR at >= ?5) AND (?6 IS NULL OR at < ?6)
    AND (?7 IS NULL OR seq < ?7)
ORDER BY seq DESC LIMIT ?8
