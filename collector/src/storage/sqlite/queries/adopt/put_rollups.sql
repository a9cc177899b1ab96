-- What is counted for good stays; of its leads those that are there now are counted in it.
INSERT INTO main.rollups (site, dimension, attribution, day, key, visits, leads, mqls)
SELECT site, dimension, attribution, day, key, visits, leads, mqls
FROM replayed.rollups WHERE site = ?1 ORDER BY site, dimension, attribution, day, key
ON CONFLICT (site, dimension, attribution, day, key) DO UPDATE SET
    visits = visits + excluded.visits, leads = leads + excluded.leads, mqls = mqls + excluded.mqls
