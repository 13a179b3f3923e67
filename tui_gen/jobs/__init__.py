"""The jobs, a package each. A child that a job starts loads this module first, so it imports nothing."""
