"""Degraded variants of the LR frames: blur, noise, resizing, JPEG and video codecs, alone or in chains."""
