SELECT key FROM leads
WHERE key IN (
    SELECT lead FROM transitions WHERE applied = 0
    UNION
    SELECT overrides.lead FROM overrides JOIN leads AS given ON given.key = overrides.lead
    WHERE max(overrides.from_at, coalesce(overrides.ended_at, overrides.from_at)) > given.scored_at
)
  AND NOT EXISTS (SELECT 1 FROM restrictions WHERE lead = leads.key AND kind = 'restricted')
LIMIT ?1
