"""From the differences between crops to folders of characters."""
