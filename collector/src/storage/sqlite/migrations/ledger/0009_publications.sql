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

-- A number of a change of stage is never given twice: whoever tells others of them knows them by it.
CREATE TABLE transitions_numbered (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
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
    -- The score's lines at that moment, as JSON.
    lines TEXT NOT NULL,
    actor_role TEXT NOT NULL DEFAULT 'collector',
    actor TEXT NOT NULL DEFAULT 'mqlite',
    amount INTEGER,
    currency TEXT,
    -- Whether a replay of the events has come to it.
    applied INTEGER NOT NULL DEFAULT 1,
    -- The publication that made it, where one did.
    published INTEGER,
    -- The number under which the same change was known before a publication.
    same_as INTEGER,
    -- Whether others are to be told of it.
    announce INTEGER NOT NULL DEFAULT 1
) STRICT;

INSERT INTO transitions_numbered (id, lead, site, at, from_stage, to_stage, reason, total, fit, engagement, model,
                                  lines, actor_role, actor, amount, currency, applied)
SELECT id, lead, site, at, from_stage, to_stage, reason, total, fit, engagement, model,
       lines, actor_role, actor, amount, currency, applied
FROM transitions;
DROP TABLE transitions;
ALTER TABLE transitions_numbered RENAME TO transitions;

CREATE INDEX transitions_by_lead ON transitions (lead, id);
CREATE INDEX transitions_pending ON transitions (lead, at, id) WHERE applied = 0;
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
