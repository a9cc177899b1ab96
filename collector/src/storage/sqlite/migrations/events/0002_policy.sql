-- Which version of the site's policy each event was decided under. What was stored before was decided under
-- the first, and takes no room for it; what is stored from now on takes a byte, or two above version 1.
ALTER TABLE events ADD COLUMN policy INTEGER NOT NULL DEFAULT 1;
