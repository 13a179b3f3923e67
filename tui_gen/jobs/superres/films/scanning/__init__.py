"""Makes a configuration from folders of films: files, names, editions and weights."""
