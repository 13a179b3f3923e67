"""Dialogs and pages in front of the panes."""
