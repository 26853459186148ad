"""Compare: models A and B beside the retrained models, and all methods beside each other."""
