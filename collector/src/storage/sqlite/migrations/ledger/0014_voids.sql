-- Events that count for nothing: what somebody voided, as the work of an attack. They stay in the log.
CREATE TABLE voids (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    site INTEGER NOT NULL,
    from_at INTEGER NOT NULL,
    to_at INTEGER NOT NULL,
    -- What else was said of the events, as JSON.
    selection TEXT NOT NULL,
    reason TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    asked_by_role TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    events INTEGER NOT NULL,
    -- The newest place that it takes out.
    last INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'in_force', 'undone', 'dropped')),
    undone_at INTEGER
) STRICT;

CREATE INDEX voids_by_site ON voids (site, no);

-- Places of the log that a void takes out, as runs of them.
CREATE TABLE void_places (
    void INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (void, first)
) STRICT, WITHOUT ROWID;

-- The void that a publication puts in force, or takes back.
ALTER TABLE publications ADD COLUMN void INTEGER;
ALTER TABLE publications ADD COLUMN undo INTEGER NOT NULL DEFAULT 0;

-- One at a time for a model, and one for a void, whatever the model that is live meanwhile.
DROP INDEX publications_running;
CREATE UNIQUE INDEX publications_running ON publications (site, model) WHERE state = 'running' AND void IS NULL;
CREATE UNIQUE INDEX publications_running_voids ON publications (site, void) WHERE state = 'running' AND void IS NOT NULL;

-- In a shadow alone: how many voids it knows of, and how many of them were taken back.
ALTER TABLE shadow ADD COLUMN voids INTEGER NOT NULL DEFAULT 0;
