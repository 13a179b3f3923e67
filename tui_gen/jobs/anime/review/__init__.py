"""The groups of the folder classified/, looked through and changed by hand."""
