SELECT reference FROM audit_subjects WHERE lead = ?1 AND site = ?2
