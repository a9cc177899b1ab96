-- Models that were asked to be made live.
CREATE TABLE publications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    site INTEGER NOT NULL,
    model BLOB NOT NULL,
    asked_at INTEGER NOT NULL,
    asked_by_role TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    announce INTEGER NOT NULL CHECK (announce IN (0, 1)),
    state TEXT NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'cancelled', 'failed')),
    ended_at INTEGER,
    entered INTEGER NOT NULL DEFAULT 0,
    departed INTEGER NOT NULL DEFAULT 0,
    problem TEXT
) STRICT;

CREATE UNIQUE INDEX publications_running ON publications (site, model) WHERE state = 'running';

-- The publication that made a change of stage, where one did.
ALTER TABLE transitions ADD COLUMN published INTEGER;
-- The number under which the same change was known before a publication.
ALTER TABLE transitions ADD COLUMN same_as INTEGER;
-- Whether others are to be told of it.
ALTER TABLE transitions ADD COLUMN announce INTEGER NOT NULL DEFAULT 1;
CREATE INDEX transitions_to_announce ON transitions (coalesce(same_as, id)) WHERE announce = 1;

-- What the machine made of leads by models that another took the place of, as sales was told of it.
CREATE TABLE earlier_transitions (
    id INTEGER PRIMARY KEY,
    publication INTEGER NOT NULL,
    lead BLOB NOT NULL,
    site INTEGER NOT NULL,
    at INTEGER NOT NULL,
    from_stage INTEGER NOT NULL,
    to_stage INTEGER NOT NULL,
    reason TEXT NOT NULL,
    total INTEGER NOT NULL,
    fit INTEGER NOT NULL,
    engagement INTEGER NOT NULL,
    model BLOB NOT NULL,
    lines TEXT NOT NULL
) STRICT;

CREATE INDEX earlier_transitions_by_lead ON earlier_transitions (lead, id);
