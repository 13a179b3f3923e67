"""What every room may use: errors, formatting, exit codes, HTML primitives, detached calls."""
