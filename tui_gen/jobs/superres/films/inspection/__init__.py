"""Inspects every film before a run: what a run would do with it, and whether the tools are usable."""
