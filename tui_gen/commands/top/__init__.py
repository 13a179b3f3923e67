"""`top`: the runs of this machine, or those of some configurations, in one list."""
