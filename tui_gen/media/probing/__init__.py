"""Reads the headers and the key frame index of a film."""
