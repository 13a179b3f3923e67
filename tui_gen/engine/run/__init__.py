"""One run from start to end: session, housekeeping, hooks, log."""
