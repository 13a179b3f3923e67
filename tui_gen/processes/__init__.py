"""Child processes: found, started without a shell, fenced in, asked, and always reaped."""
