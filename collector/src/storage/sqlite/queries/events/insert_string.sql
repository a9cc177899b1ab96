INSERT INTO strings (value) VALUES (?1)
