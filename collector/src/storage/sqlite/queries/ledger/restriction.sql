SELECT kind, site, since FROM restrictions WHERE lead = ?1
