SELECT password FROM owner WHERE one = 1
