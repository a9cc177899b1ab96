SELECT takings FROM progress WHERE one = 1
