-- Counts of days before this one stay as they are: the events they came from are past their time.
ALTER TABLE sites ADD COLUMN counted_from INTEGER;
