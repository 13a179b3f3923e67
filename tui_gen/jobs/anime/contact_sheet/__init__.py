"""The contact sheet: a page with images of each group, to look at after a run."""
