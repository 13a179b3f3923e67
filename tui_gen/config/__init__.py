"""What the configurations of all jobs share: JSON with comments, and edits that keep them."""
