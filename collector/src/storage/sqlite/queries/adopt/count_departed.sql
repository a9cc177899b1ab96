SELECT count(*) FROM main.leads AS old LEFT JOIN replayed.leads AS new ON new.key = old.key
WHERE old.site = ?1 AND old.mql_at IS NOT NULL AND new.mql_at IS NULL
