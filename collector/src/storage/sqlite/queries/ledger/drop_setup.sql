DELETE FROM setup_links WHERE role = ?1
