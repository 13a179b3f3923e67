"""The contact sheet: which patches it shows, their pictures, and the page."""
