"""Measures clips and patches, and decides by their scores which are rejected."""
