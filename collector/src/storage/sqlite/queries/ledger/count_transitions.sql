SELECT (SELECT count(*) FROM transitions WHERE lead = ?1 AND site = ?2)
    + (SELECT count(*) FROM earlier_transitions WHERE lead = ?1 AND site = ?2)
