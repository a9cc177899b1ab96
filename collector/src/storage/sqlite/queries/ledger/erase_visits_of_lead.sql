DELETE FROM visits WHERE lead = ?1
