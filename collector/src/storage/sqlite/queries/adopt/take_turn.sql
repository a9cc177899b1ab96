-- Nothing is changed: from here on nobody else writes.
UPDATE main.progress SET cursor = cursor WHERE one = 1
