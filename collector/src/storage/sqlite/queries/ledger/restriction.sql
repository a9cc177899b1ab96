SELECT kind, site, since, verified FROM restrictions WHERE lead = ?1
