"""What is learned of a film once: its headers, its bars, where its key frames are."""
