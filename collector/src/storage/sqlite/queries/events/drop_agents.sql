DELETE FROM agents WHERE id NOT IN (SELECT agent FROM events)
