INSERT INTO rollups (site, dimension, attribution, day, key, visits, leads, mqls)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (site, dimension, attribution, day, key) DO UPDATE SET
    visits = visits + excluded.visits, leads = leads + excluded.leads, mqls = mqls + excluded.mqls
