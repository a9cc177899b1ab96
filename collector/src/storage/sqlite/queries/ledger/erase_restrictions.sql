DELETE FROM restrictions WHERE lead = ?1
