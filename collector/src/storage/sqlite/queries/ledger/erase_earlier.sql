DELETE FROM earlier_transitions WHERE lead = ?1
