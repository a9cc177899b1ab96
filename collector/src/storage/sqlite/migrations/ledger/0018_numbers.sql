-- The number of a change that another took the place of, and whether others are to be told of it: taken back, a void
-- gives it its number again.
ALTER TABLE earlier_transitions ADD COLUMN number INTEGER;
ALTER TABLE earlier_transitions ADD COLUMN announce INTEGER NOT NULL DEFAULT 0;
