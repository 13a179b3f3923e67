"""The models that need no files: a face detector, colour histograms, measured tags."""
