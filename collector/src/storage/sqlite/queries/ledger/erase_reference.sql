DELETE FROM audit_subjects WHERE lead = ?1
