-- What a site's own server proves with who somebody is: the newest secret, and the one before it.
ALTER TABLE sites ADD COLUMN identity_secret BLOB;
ALTER TABLE sites ADD COLUMN identity_secret_before BLOB;

-- When it was first proven that a lead is who they say, and whether it was that ties a pseudonym to its lead.
ALTER TABLE leads ADD COLUMN verified_at INTEGER;
ALTER TABLE visits ADD COLUMN proven INTEGER NOT NULL DEFAULT 0;
