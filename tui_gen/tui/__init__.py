"""The screen: panes that show a run's state, and keys that control the run. It imports no job."""
