"""Helpers for decoders: the video track, the errors of libav, the log of ffmpeg, the planes of a frame."""
