SELECT kind, since FROM restrictions WHERE lead = ?1
