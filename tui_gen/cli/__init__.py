"""The command line: arguments, exit codes and the one table of commands."""
