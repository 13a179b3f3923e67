"""Which images go into the training set, and in which size."""
