"""The files of a run: ledger, lock, status file."""
