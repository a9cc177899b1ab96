SELECT e.seq, e.at, e.id, e.site, n.value AS name, e.rung, e.signal, e.policy, e.trust, p.value AS path,
       a.browser, a.os, a.device, a.country,
       t.channel, t.source, t.medium, t.campaign, t.content, t.term, t.click_id, t.referrer,
       e.visitor, e.lead, e.engagement_ms, e.scroll_depth, e.details
FROM events e
JOIN strings n ON n.id = e.name
JOIN strings p ON p.id = e.path
JOIN agents a ON a.id = e.agent
LEFT JOIN touches t ON t.id = e.touch
WHERE e.seq > ?1 AND e.site = ?3 AND ((e.at >= ?4 AND e.at < ?5) OR e.lead IS NOT NULL)
ORDER BY e.seq
LIMIT ?2
