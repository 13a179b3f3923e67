"""What is written and read back: ledger, lock, status file."""
