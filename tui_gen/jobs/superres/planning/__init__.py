"""From settings and the ledger to what is left to do: pure but for looking at the films' files."""
