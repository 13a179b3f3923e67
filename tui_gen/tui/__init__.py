"""The screen: panes over a run's state, and keys that steer it. Knows no job."""
