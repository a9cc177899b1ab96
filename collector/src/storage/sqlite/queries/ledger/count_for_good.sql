UPDATE sites SET counted_from = max(coalesce(counted_from, ?2), ?2) WHERE no = ?1
