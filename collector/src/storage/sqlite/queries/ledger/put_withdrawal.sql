-- Whoever was verified once stays so, however often they ask.
INSERT INTO restrictions (lead, kind, site, since, verified) VALUES (?1, 'withdrawn', ?2, ?3, ?4)
ON CONFLICT (lead, kind) DO UPDATE SET since = excluded.since, verified = max(verified, excluded.verified)
