"""The data of a run: work, events, the state they add up to, and the numbers derived from it."""
