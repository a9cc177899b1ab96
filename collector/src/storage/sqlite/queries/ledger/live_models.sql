SELECT no, live_model FROM sites WHERE live_model IS NOT NULL
