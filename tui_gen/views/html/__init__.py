"""Views of a run as HTML pages."""
