"""A run as pages of HTML."""
