"""Where a unit of work runs."""
