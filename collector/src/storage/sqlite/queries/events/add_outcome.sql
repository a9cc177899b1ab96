INSERT INTO outcomes (site, day, reason, count) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (site, day, reason) DO UPDATE SET count = count + excluded.count
