-- The moment a lead became known: the day under which it is counted, and taken out of the counts again.
ALTER TABLE leads ADD COLUMN known_at INTEGER NOT NULL DEFAULT 0;
UPDATE leads SET known_at = first_seen;

-- Who asked not to be processed further: 'restricted', 'withdrawn', or both.
CREATE TABLE restrictions (
    lead BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('restricted', 'withdrawn')),
    site INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (lead, kind)
) STRICT, WITHOUT ROWID;

-- How often a person's data was taken back: a scorer that read before must read again.
ALTER TABLE progress ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
