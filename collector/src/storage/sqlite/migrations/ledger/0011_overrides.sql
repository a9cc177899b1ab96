-- What people say of a lead against its score: points on one axis, that it is held back, that it qualifies. A row is
-- never changed but by its end, and goes with the lead.
CREATE TABLE overrides (
    lead BLOB NOT NULL,
    no INTEGER NOT NULL,
    site INTEGER NOT NULL,
    effect TEXT NOT NULL CHECK (effect IN ('engagement', 'fit', 'hold', 'qualify')),
    points INTEGER,
    from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    actor_role TEXT NOT NULL,
    actor TEXT NOT NULL,
    ended_at INTEGER,
    ended_role TEXT,
    ended_by TEXT,
    PRIMARY KEY (lead, no),
    CHECK ((points IS NULL) = (effect IN ('hold', 'qualify')))
) STRICT, WITHOUT ROWID;

-- Leads that stand in a stage for longer than they should.
CREATE INDEX leads_by_stage ON leads (site, stage, stage_at);
