"""Child processes: started without a shell, restricted, queried, and always reaped."""
