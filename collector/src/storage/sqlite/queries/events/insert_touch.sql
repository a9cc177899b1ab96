INSERT INTO touches (channel, source, medium, campaign, content, term, click_id, referrer)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
