INSERT INTO audit (seq, at, role, who, action, site, subject, details, previous, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
