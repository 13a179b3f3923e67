"""Where the images of digits come from."""
