"""What a job offers to the commands, as protocols and values."""
