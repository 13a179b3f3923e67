"""The facts about each film: identity, headers, bars, names."""
