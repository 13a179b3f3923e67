"""What a clip or a patch is worth: its scores, who passes them, and which show the same."""
