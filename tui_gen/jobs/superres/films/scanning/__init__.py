"""Folders of films become a configuration: files found, names read, editions told apart, weights given."""
