"""Views of a run as lines of text."""
