-- The event log. Integer and blob columns, rows in order of arrival, and no index on a random key: an
-- index on event ids would cost more than ten times the bytes of the event itself.

-- Event names and paths, once each.
CREATE TABLE strings (
    id INTEGER PRIMARY KEY,
    value TEXT NOT NULL UNIQUE
) STRICT;

-- How visitors arrived, each combination once. Absent parts are empty strings, so that the
-- combination can be unique.
CREATE TABLE touches (
    id INTEGER PRIMARY KEY,
    channel INTEGER NOT NULL,
    source TEXT NOT NULL,
    medium TEXT NOT NULL,
    campaign TEXT NOT NULL,
    content TEXT NOT NULL,
    term TEXT NOT NULL,
    click_id TEXT NOT NULL,
    referrer TEXT NOT NULL,
    UNIQUE (source, campaign, medium, content, term, click_id, referrer, channel)
) STRICT;

-- Browser, system, device and country, each combination once.
CREATE TABLE agents (
    id INTEGER PRIMARY KEY,
    browser TEXT NOT NULL,
    os TEXT NOT NULL,
    device TEXT NOT NULL,
    country TEXT NOT NULL,
    UNIQUE (country, browser, os, device)
) STRICT;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    id BLOB NOT NULL,
    site INTEGER NOT NULL,
    name INTEGER NOT NULL,
    rung INTEGER NOT NULL,
    signal INTEGER NOT NULL,
    trust INTEGER NOT NULL,
    path INTEGER NOT NULL,
    agent INTEGER NOT NULL,
    touch INTEGER,
    visitor BLOB,
    lead BLOB,
    engagement_ms INTEGER,
    scroll_depth INTEGER,
    details TEXT
) STRICT;

-- What became of events, by site, local day and reason.
CREATE TABLE outcomes (
    site INTEGER NOT NULL,
    day INTEGER NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (site, day, reason)
) STRICT, WITHOUT ROWID;

-- The highest place ever given, kept when the newest events are erased.
CREATE TABLE high_water (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL
) STRICT;
