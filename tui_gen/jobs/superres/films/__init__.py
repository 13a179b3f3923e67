"""What is learned of each film: identity, headers, bars, names."""
