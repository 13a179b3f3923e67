"""What the commands that look at a dataset, or change it, are told: check, verify, stats, sheet, preview."""
