DELETE FROM restrictions WHERE lead = ?1 AND kind = 'restricted'
