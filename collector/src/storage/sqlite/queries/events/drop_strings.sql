DELETE FROM strings WHERE id NOT IN (SELECT name FROM events UNION SELECT path FROM events)
