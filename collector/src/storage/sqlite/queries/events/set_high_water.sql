INSERT INTO high_water (one, seq) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET seq = max(seq, excluded.seq)
