DETACH replayed
