-- Which version of the site's policy each event was decided under. What was stored before was decided under
-- the first. Last in the row, and 1 takes no byte of it.
ALTER TABLE events ADD COLUMN policy INTEGER NOT NULL DEFAULT 1;
