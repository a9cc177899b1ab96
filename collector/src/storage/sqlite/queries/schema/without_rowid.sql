SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?1
