SELECT lead, kind, site, since FROM restrictions ORDER BY lead
