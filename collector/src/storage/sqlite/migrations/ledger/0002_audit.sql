-- What people and the program did, each entry over the hash of the one before.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    role TEXT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    site TEXT,
    subject TEXT,
    details TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_is_never_cut BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE INDEX audit_by_action ON audit (action, seq);

-- The newest entry, so that a cut tail is found.
CREATE TABLE audit_head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;

-- Which lead a reference in the log stands for; erasing the lead removes its row.
CREATE TABLE audit_subjects (
    lead BLOB PRIMARY KEY,
    site INTEGER NOT NULL,
    reference BLOB NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
