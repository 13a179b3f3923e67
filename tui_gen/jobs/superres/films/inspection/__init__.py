"""A look at every film before a run: what a run would do with it, and how fit this machine is."""
