"""The review of a scan: a table that the user edits before it is saved."""
