SELECT DISTINCT visitor FROM events WHERE lead = ?1 AND visitor IS NOT NULL ORDER BY visitor
