"""Shared code of the jobs that read films: ffmpeg, probing, decoding, colour. It imports no job."""
