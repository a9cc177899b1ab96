-- The version of a site's policy: one more with every change.
ALTER TABLE sites ADD COLUMN policy_version INTEGER NOT NULL DEFAULT 1;
