-- Both are made by the same migrations: their columns are the same, in the same order.
INSERT INTO main.leads SELECT * FROM replayed.leads WHERE site = ?1 ORDER BY key
