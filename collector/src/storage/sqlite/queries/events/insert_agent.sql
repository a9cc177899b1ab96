INSERT INTO agents (browser, os, device, country) VALUES (?1, ?2, ?3, ?4)
