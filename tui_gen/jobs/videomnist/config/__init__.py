"""The configuration: its keys, what they must be together, and the settings and recipe they give."""
