"""Measurements of the program, and the parts of them that tests use.

Without this file an installed package of the same name, as in pyarrow 17, would be imported in its place.
"""
