"""From a film to patches: reading, cutting, scoring, writing."""
