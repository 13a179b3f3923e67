"""Widgets, and the text primitives for their lines."""
