"""Executors: they run units of work, in this process or in another."""
