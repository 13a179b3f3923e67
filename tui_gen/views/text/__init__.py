"""A run as lines of text."""
