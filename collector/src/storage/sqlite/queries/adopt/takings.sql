SELECT takings FROM replayed.shadow WHERE one = 1
