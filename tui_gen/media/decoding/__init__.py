"""What decoders need: the picture track, the errors of libav, the log of ffmpeg, the planes of a frame."""
