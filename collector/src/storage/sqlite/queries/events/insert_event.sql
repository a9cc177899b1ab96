INSERT INTO events (
    seq, at, id, site, name, rung, signal, trust, path, agent, touch, visitor, lead,
    engagement_ms, scroll_depth, details, policy
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
