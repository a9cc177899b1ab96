-- Everything transactional and small.

CREATE TABLE sites (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    domain TEXT NOT NULL UNIQUE,
    zone TEXT NOT NULL,
    policy TEXT NOT NULL,
    secret BLOB NOT NULL
) STRICT;

-- How far scoring has come, and by which model.
CREATE TABLE progress (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    cursor INTEGER NOT NULL,
    model BLOB NOT NULL
) STRICT;

-- A pseudonym's day so far; forgotten with the day's salt.
CREATE TABLE visits (
    visitor BLOB PRIMARY KEY,
    site INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    origin TEXT NOT NULL,
    lead BLOB,
    hits TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE leads (
    key BLOB PRIMARY KEY,
    site INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    domain TEXT,
    country TEXT,
    attributes TEXT NOT NULL,
    first_origin TEXT NOT NULL,
    first_channel INTEGER NOT NULL,
    last_origin TEXT NOT NULL,
    last_channel INTEGER NOT NULL,
    total INTEGER NOT NULL,
    fit INTEGER NOT NULL,
    engagement INTEGER NOT NULL,
    reasons TEXT NOT NULL,
    mql_at INTEGER,
    mql_total INTEGER,
    mql_fit INTEGER,
    mql_engagement INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX leads_by_mql ON leads (site, mql_at, key) WHERE mql_at IS NOT NULL;
CREATE INDEX leads_by_last_seen ON leads (site, last_seen, key);

-- What leads did that a rule matches.
CREATE TABLE hits (
    lead BLOB NOT NULL,
    rule TEXT NOT NULL,
    event BLOB NOT NULL,
    at INTEGER NOT NULL,
    value TEXT,
    PRIMARY KEY (lead, rule, event)
) STRICT, WITHOUT ROWID;

-- Changes of stage; only ever appended.
CREATE TABLE transitions (
    id INTEGER PRIMARY KEY,
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
    lines TEXT NOT NULL
) STRICT;

CREATE INDEX transitions_by_lead ON transitions (lead, id);

-- What reports read: counts by site, local day, touch and group.
CREATE TABLE rollups (
    site INTEGER NOT NULL,
    dimension INTEGER NOT NULL,
    attribution INTEGER NOT NULL,
    day INTEGER NOT NULL,
    key TEXT NOT NULL,
    visits INTEGER NOT NULL,
    leads INTEGER NOT NULL,
    mqls INTEGER NOT NULL,
    PRIMARY KEY (site, dimension, attribution, day, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE owner (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    password TEXT NOT NULL
) STRICT;

CREATE TABLE setup (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    token BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    token BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
