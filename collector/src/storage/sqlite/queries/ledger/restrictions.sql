SELECT lead, kind, site, since, verified FROM restrictions ORDER BY lead
