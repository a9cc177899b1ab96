-- Who changed a stage, and what was won with it.
ALTER TABLE transitions ADD COLUMN actor_role TEXT NOT NULL DEFAULT 'collector';
ALTER TABLE transitions ADD COLUMN actor TEXT NOT NULL DEFAULT 'mqlite';
ALTER TABLE transitions ADD COLUMN amount INTEGER;
ALTER TABLE transitions ADD COLUMN currency TEXT;
-- Whether a replay of the events has come to it: 0 for what people did, from a restart until then.
ALTER TABLE transitions ADD COLUMN applied INTEGER NOT NULL DEFAULT 1;
CREATE INDEX transitions_pending ON transitions (lead, at, id) WHERE applied = 0;

-- Since when and by whom a lead stands where it stands, and the moment that its score is of.
ALTER TABLE leads ADD COLUMN stage_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leads ADD COLUMN stage_by TEXT NOT NULL DEFAULT 'collector';
ALTER TABLE leads ADD COLUMN scored_at INTEGER NOT NULL DEFAULT 0;
UPDATE leads SET stage_at = coalesce(mql_at, known_at), scored_at = last_seen;
CREATE INDEX leads_by_scored_at ON leads (scored_at);
