"""Which digits a video shows, how they turn and where they go: numbers, no pixels."""
