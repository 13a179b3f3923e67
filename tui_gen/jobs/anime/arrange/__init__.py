"""The folders of the training set: where each image goes, decided by its metadata."""
