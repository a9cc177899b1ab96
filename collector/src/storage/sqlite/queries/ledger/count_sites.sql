SELECT count(*) FROM sites
