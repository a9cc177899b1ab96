INSERT INTO main.hits SELECT * FROM replayed.hits ORDER BY lead, rule, event
