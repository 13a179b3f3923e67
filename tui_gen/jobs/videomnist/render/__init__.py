"""From what is drawn to pixels, and from pixels to what is said of them."""
