UPDATE sites SET live_model = ?2 WHERE no = ?1
