"""Widgets and text primitives of our own."""
