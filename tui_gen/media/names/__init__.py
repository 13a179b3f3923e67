"""Reads what the names of files tell: title, year, season, episode, edition. Pure text."""
