SELECT takings, people FROM shadow WHERE one = 1
