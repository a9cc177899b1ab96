-- Whether somebody who took their consent back was verified: what proved it may be gone with the consent.
ALTER TABLE restrictions ADD COLUMN verified INTEGER NOT NULL DEFAULT 0;
-- Of those who are a lead still, it is known.
UPDATE restrictions SET verified = 1
WHERE kind = 'withdrawn' AND lead IN (SELECT key FROM leads WHERE verified_at IS NOT NULL);
