"""What an image of the job is: its id, its metadata file and its place in the folders."""
