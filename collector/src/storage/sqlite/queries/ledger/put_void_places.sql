INSERT INTO void_places (void, first, last) VALUES (?1, ?2, ?3)
