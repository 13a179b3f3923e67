"""A run as text and as pages: views format numbers, and compute none."""
