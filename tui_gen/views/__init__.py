"""Views of a run as text and as pages: views format numbers and calculate none."""
