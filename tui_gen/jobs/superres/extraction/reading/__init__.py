"""Reads exactly the frames of a clip: decoded, cropped, converted, with the bytes of one ffmpeg per clip."""
