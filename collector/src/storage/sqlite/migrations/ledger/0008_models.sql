-- Versions of scoring models, as they were handed in.
CREATE TABLE models (
    site INTEGER NOT NULL,
    hash BLOB NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by_role TEXT NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (site, hash)
) STRICT, WITHOUT ROWID;

-- The version that a site's leads are scored by, where one was published; elsewhere it is the collector's own.
ALTER TABLE sites ADD COLUMN live_model BLOB;

-- How often leads were taken back, restricted or dropped: whoever copied some before must begin anew.
ALTER TABLE progress ADD COLUMN takings INTEGER NOT NULL DEFAULT 0;

-- In a shadow alone: how much of the live ledger it knows.
CREATE TABLE shadow (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    takings INTEGER NOT NULL,
    people INTEGER NOT NULL
) STRICT;
