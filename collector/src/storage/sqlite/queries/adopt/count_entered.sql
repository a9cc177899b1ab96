SELECT count(*) FROM replayed.leads AS new LEFT JOIN main.leads AS old ON old.key = new.key
WHERE new.site = ?1 AND new.mql_at IS NOT NULL AND old.mql_at IS NULL
