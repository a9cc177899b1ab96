SELECT id, visitor FROM visits WHERE id > max(?1, (SELECT coalesce(max(id), 0) FROM visits) - ?2) ORDER BY id
