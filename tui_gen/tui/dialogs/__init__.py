"""Questions and pages that stand before the panes for a moment."""
