"""The job's side of the commands check, verify, stats, sheet and preview."""
