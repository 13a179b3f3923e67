"""Applies the kernel to raw frames from pipe to pipe; runs as a child, by its path.

    python -I converter_child.py <order, JSON> <descriptor of stored frames> <descriptor of converted frames>

The order has the mapping, the even size of the frames, and the folder of the compiled kernel. A part
of a frame at the end of the pipe is dropped: whoever reads the frames counts them.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

import numpy as np
from numpy.typing import NDArray

from tui_gen.media.geometry import Size
from tui_gen.media.tone_mapping.cache import VARIABLE
from tui_gen.media.tone_mapping.mapping import tone_mapping_from_json


def main() -> None:
    """Convert the frames of a pipe until it ends."""
    order: dict[str, Any] = json.loads(sys.argv[1])
    source, target = int(sys.argv[2]), int(sys.argv[3])
    mapping, size = tone_mapping_from_json(order["mapping"]), Size(*order["size"])
    os.environ[VARIABLE] = order["cache"]
    from tui_gen.media.tone_mapping.kernel import ToneMapper

    mapper = ToneMapper(mapping, size)
    across, down = mapping.subsampling
    chroma = (size.height >> down, size.width >> across)
    planes = [np.empty(shape, np.uint16) for shape in ((size.height, size.width), chroma, chroma)]
    try:
        while all(_is_filled(source, plane) for plane in planes):
            for plane in mapper(planes):
                _write(target, plane)
    except BrokenPipeError:
        sys.exit(1)  # nobody reads the frames


def _is_filled(descriptor: int, plane: NDArray[np.uint16]) -> bool:
    """Fill an array from a pipe; return False if the pipe ends before."""
    left = memoryview(plane.data).cast("B")
    while left:
        count = os.readv(descriptor, [left])
        if not count:
            return False
        left = left[count:]
    return True


def _write(descriptor: int, plane: NDArray[np.uint8]) -> None:
    left = memoryview(plane.data).cast("B")
    while left:
        left = left[os.write(descriptor, left) :]


if __name__ == "__main__":
    main()
