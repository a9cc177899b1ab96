SELECT t.name AS table_name, c.name AS column_name, c.type
FROM sqlite_schema t
JOIN pragma_table_xinfo(t.name) c
WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
ORDER BY t.name, c.cid
