"""The review of a scan: a table that is edited before it is saved."""
