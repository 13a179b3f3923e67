"""What is read from the headers and the index of a film."""
