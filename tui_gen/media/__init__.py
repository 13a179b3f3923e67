"""What every job that reads films needs: ffmpeg, probing, decoding, colour. It knows no job."""
