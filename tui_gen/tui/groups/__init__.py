"""The review of groups: a list of groups with pictures, and the members of one group, changed with keys."""
