SELECT cursor, model FROM progress WHERE one = 1
