INSERT INTO hits (lead, rule, event, at, value) VALUES (?1, ?2, ?3, ?4, ?5)
