"""Exactly the frames of a clip, in the bytes that one ffmpeg per clip gives: decoded, cropped, converted."""
