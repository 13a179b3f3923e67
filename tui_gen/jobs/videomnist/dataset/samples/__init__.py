"""What a person looks at: sample videos, a montage, comparisons of motions and the statistics of a file."""
