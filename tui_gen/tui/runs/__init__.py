"""The list of several runs."""
