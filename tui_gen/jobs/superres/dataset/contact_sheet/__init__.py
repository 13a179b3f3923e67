"""The contact sheet: the choice of patches, their pictures, and the page."""
