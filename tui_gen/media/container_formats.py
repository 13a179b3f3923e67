"""What the formats of containers have, by the names that libav gives them."""

ELEMENTARY_STREAMS = frozenset({"h264", "hevc", "mpegvideo", "av1", "obu"})
"""The formats without a container: they have no timestamps, so nothing can be sought."""
INDEXED = ("matroska", "mov")
"""The beginnings of the names of containers with a reliable index of key frames."""
