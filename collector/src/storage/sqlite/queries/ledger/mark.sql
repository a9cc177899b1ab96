SELECT takings, people, overrides FROM shadow WHERE one = 1
