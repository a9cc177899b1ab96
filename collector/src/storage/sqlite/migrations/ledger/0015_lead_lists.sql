-- All that decides which leads a list shows and how many there are stands in the index that it is read by: to look into
-- each lead's own row took longer than everything else that the dashboard asks for.
DROP INDEX leads_by_last_seen;
CREATE INDEX leads_by_last_seen ON leads (site, last_seen, key, stage, first_channel, last_channel);
DROP INDEX leads_by_mql;
CREATE INDEX leads_by_mql ON leads (site, mql_at, key, stage, first_channel, last_channel) WHERE mql_at IS NOT NULL;
