"""The formats of files that are a video track without a container."""

ELEMENTARY_STREAMS = frozenset({"h264", "hevc", "mpegvideo", "av1", "obu"})
"""The formats without a container, by libav's names: they have no timestamps, so nothing can be sought."""
