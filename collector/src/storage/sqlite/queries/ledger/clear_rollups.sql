-- Counts of days that are counted for good stay.
DELETE FROM rollups WHERE day >= coalesce((SELECT counted_from FROM sites WHERE no = rollups.site), day)
