"""What a job offers to the commands, as protocols and values: a module for each command, and `job.py`."""
