SELECT visitor FROM visits WHERE lead = ?1
