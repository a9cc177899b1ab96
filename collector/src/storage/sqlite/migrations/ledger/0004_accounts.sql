-- Two accounts, the owner's and the auditor's. What was there before is the owner's.
CREATE TABLE accounts (
    role TEXT PRIMARY KEY CHECK (role IN ('owner', 'auditor')),
    password TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO accounts (role, password) SELECT 'owner', password FROM owner;
DROP TABLE owner;

CREATE TABLE setup_links (
    role TEXT PRIMARY KEY CHECK (role IN ('owner', 'auditor')),
    token BLOB NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO setup_links (role, token, expires_at) SELECT 'owner', token, expires_at FROM setup;
DROP TABLE setup;

CREATE TABLE sessions_with_role (
    token BLOB PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('owner', 'auditor')),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO sessions_with_role (token, role, expires_at) SELECT token, 'owner', expires_at FROM sessions;
DROP TABLE sessions;
ALTER TABLE sessions_with_role RENAME TO sessions;
