"""The samples of a file: videos to look at, a montage, comparisons of motions, and statistics."""
