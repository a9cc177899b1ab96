SELECT max(coalesce((SELECT max(seq) FROM events), 0), coalesce((SELECT seq FROM high_water), 0))
