"""Makes patches from films: reading, cutting, scoring, writing."""
