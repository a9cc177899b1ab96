INSERT INTO hits (lead, rule, event, at, value) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (lead, rule, event) DO UPDATE SET at = excluded.at, value = excluded.value
