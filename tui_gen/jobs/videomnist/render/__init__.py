"""Renders videos from images and motions, and measures and checks their pixels."""
