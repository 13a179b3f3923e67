"""The terminal: driver, writer, and the session of a screen on it."""
