SELECT generation FROM progress WHERE one = 1
