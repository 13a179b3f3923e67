"""What commands are told of a dataset: check, verify, stats, report, sheet, preview, next steps."""
