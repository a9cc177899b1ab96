-- The visits of a lead until it became an MQL.
ALTER TABLE leads ADD COLUMN touches TEXT NOT NULL DEFAULT '[]';
-- For reports on leads by the day on which they became known.
CREATE INDEX leads_by_known ON leads (site, known_at);

-- MQLs by linear and time-decay attribution, in thousandths. Until the events are folded anew, and for good where
-- they or the lead are no more, all of an MQL is its first touch's.
INSERT INTO rollups (site, dimension, attribution, day, key, visits, leads, mqls)
SELECT site, dimension, shared.code, day, key, 0, 0, mqls * 1000
FROM rollups, (SELECT 3 AS code UNION ALL SELECT 4) AS shared
WHERE attribution = 1 AND mqls > 0;

-- Touches follow from events: the scorer finds no such model, and folds every event again.
UPDATE progress SET model = zeroblob(32);
