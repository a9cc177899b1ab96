ATTACH ?1 AS replayed
