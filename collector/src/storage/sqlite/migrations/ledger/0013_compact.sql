-- What is written most often and most of takes the least room: rows in order of arrival, no index on a random key where
-- memory can hold what is looked up, and values in few bytes. What was there before stays as it was written; it begins
-- with `{` or `[`, and is written anew when its row is.

-- A pseudonym's day so far, in order of arrival. Where the row of a pseudonym lies is kept in memory; a number is never
-- given twice, so that memory can only lag behind, and never be wrong.
CREATE TABLE visits_in_order (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    visitor BLOB NOT NULL,
    site INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    origin BLOB NOT NULL,
    lead BLOB,
    hits BLOB
) STRICT;

INSERT INTO visits_in_order (visitor, site, started_at, last_at, origin, lead, hits)
SELECT visitor, site, started_at, last_at, CAST(origin AS BLOB), lead, nullif(CAST(hits AS BLOB), x'5b5d')
FROM visits ORDER BY started_at, visitor;
DROP TABLE visits;
ALTER TABLE visits_in_order RENAME TO visits;

-- Leads in order of arrival, with their hits.
CREATE TABLE leads_in_order (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    site INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    known_at INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    domain TEXT,
    country TEXT,
    attributes BLOB NOT NULL,
    first_origin BLOB NOT NULL,
    first_channel INTEGER NOT NULL,
    last_origin BLOB NOT NULL,
    last_channel INTEGER NOT NULL,
    total INTEGER NOT NULL,
    fit INTEGER NOT NULL,
    engagement INTEGER NOT NULL,
    reasons BLOB NOT NULL,
    mql_at INTEGER,
    mql_total INTEGER,
    mql_fit INTEGER,
    mql_engagement INTEGER,
    stage_at INTEGER NOT NULL,
    stage_by TEXT NOT NULL,
    scored_at INTEGER NOT NULL,
    touches BLOB NOT NULL,
    hits BLOB
) STRICT;

INSERT INTO leads_in_order (
    key, site, stage, first_seen, known_at, last_seen, domain, country, attributes, first_origin, first_channel,
    last_origin, last_channel, total, fit, engagement, reasons, mql_at, mql_total, mql_fit, mql_engagement,
    stage_at, stage_by, scored_at, touches, hits
)
SELECT key, site, stage, first_seen, known_at, last_seen, domain, country, CAST(attributes AS BLOB),
       CAST(first_origin AS BLOB), first_channel, CAST(last_origin AS BLOB), last_channel, total, fit, engagement,
       CAST(reasons AS BLOB), mql_at, mql_total, mql_fit, mql_engagement, stage_at, stage_by, scored_at,
       CAST(touches AS BLOB),
       (
           SELECT CAST(json_group_array(json_object('rule', rule, 'event', lower(hex(event)), 'at', at, 'value', value)
                                        ORDER BY rule, event) AS BLOB)
           FROM hits WHERE hits.lead = leads.key HAVING count(*) > 0
       )
FROM leads ORDER BY known_at, key;
DROP TABLE hits;
DROP TABLE leads;
ALTER TABLE leads_in_order RENAME TO leads;

CREATE UNIQUE INDEX leads_by_key ON leads (key);
CREATE INDEX leads_by_mql ON leads (site, mql_at, key) WHERE mql_at IS NOT NULL;
CREATE INDEX leads_by_last_seen ON leads (site, last_seen, key);
CREATE INDEX leads_by_scored_at ON leads (scored_at);
CREATE INDEX leads_by_known ON leads (site, known_at);
CREATE INDEX leads_by_stage ON leads (site, stage, stage_at);

-- The lines of a score are most of a change of stage.
ALTER TABLE transitions ADD COLUMN packed_lines BLOB NOT NULL DEFAULT x'';
UPDATE transitions SET packed_lines = CAST(lines AS BLOB);
ALTER TABLE transitions DROP COLUMN lines;
ALTER TABLE transitions RENAME COLUMN packed_lines TO lines;
ALTER TABLE earlier_transitions ADD COLUMN packed_lines BLOB NOT NULL DEFAULT x'';
UPDATE earlier_transitions SET packed_lines = CAST(lines AS BLOB);
ALTER TABLE earlier_transitions DROP COLUMN lines;
ALTER TABLE earlier_transitions RENAME COLUMN packed_lines TO lines;
