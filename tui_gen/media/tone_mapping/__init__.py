"""Tone-maps HDR samples at their stored size in one pass: what `"hdr": "fast"` has instead of filters."""
