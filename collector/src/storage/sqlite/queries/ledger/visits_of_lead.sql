SELECT visitor FROM visits WHERE lead = ?1 AND site = ?2
