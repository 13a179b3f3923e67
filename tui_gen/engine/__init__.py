"""Plans, performs, records and controls work of any kind. It imports no job, no screen and no image code."""
