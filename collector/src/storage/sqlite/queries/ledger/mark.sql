SELECT takings, people, overrides, voids FROM shadow WHERE one = 1
