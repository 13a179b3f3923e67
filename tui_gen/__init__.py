"""Turns libraries of UHD and HDR films into training sets for video super-resolution."""

__version__ = "0.1.0"
