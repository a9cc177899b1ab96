-- The newest hundred thousand at most: what the bridge across midnight can hold.
SELECT visitor, max(at) FROM events
WHERE seq > (SELECT coalesce(max(seq), 0) FROM events) - 100000 AND at >= ?1 AND visitor IS NOT NULL
GROUP BY visitor
