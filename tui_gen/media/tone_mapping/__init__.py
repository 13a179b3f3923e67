"""Tone-maps HDR samples at their stored size in one pass: what `"hdr": "fast"` uses instead of ffmpeg's filters."""
