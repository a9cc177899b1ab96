INSERT INTO audit_subjects (lead, site, reference) VALUES (?1, ?2, ?3) ON CONFLICT (lead) DO NOTHING
