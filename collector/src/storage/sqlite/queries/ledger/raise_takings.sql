UPDATE progress SET generation = generation + 1, takings = takings + 1 WHERE one = 1
