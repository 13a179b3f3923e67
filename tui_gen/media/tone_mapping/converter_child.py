"""Applies the kernel to raw frames from pipe to pipe; runs as a child, by its path.

    python -I converter_child.py <order, JSON> <descriptor of stored frames> <descriptor of converted frames>
    python -I converter_child.py <order, JSON> <descriptor of a socket>

Through the socket come two such pipes at a time, with one byte; the answer is one byte, when they are closed.
The order has the mappings, the even size of the frames, and the folder of the compiled kernel. A part of a
frame at the end of a pipe is dropped: whoever reads the frames counts them.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

import numpy as np
from numpy.typing import NDArray

from tui_gen.media.geometry import Size
from tui_gen.media.tone_mapping.cache import VARIABLE
from tui_gen.media.tone_mapping.mapping import ToneMapping, tone_mapping_from_json


def main() -> None:
    """Convert the frames of a pipe, or of all pipes that come through a socket."""
    order: dict[str, Any] = json.loads(sys.argv[1])
    os.environ[VARIABLE] = order["cache"]
    mappings = [tone_mapping_from_json(entries) for entries in order["mappings"]]
    converter = Converter(mappings, Size(*order["size"]))
    descriptors = list(map(int, sys.argv[2:]))
    if len(descriptors) == 1:
        with socket.socket(fileno=descriptors[0]) as parent:
            while pipes := socket.recv_fds(parent, 1, 2)[1]:
                converter.convert(*pipes)
                for pipe in pipes:
                    os.close(pipe)
                parent.send(b".")
        return
    converter.convert(*descriptors)


class Converter:
    """The kernel for mappings with the same chroma, and one size; with memory for one frame."""

    def __init__(self, mappings: Sequence[ToneMapping], size: Size) -> None:
        """Load numba, and load or compile the kernel."""
        from tui_gen.media.tone_mapping.kernel import ToneMapper

        self._mappers = [ToneMapper(mapping, size) for mapping in mappings]
        across, down = mappings[0].subsampling
        chroma = (size.height >> down, size.width >> across)
        self._planes = [np.empty(shape, np.uint16) for shape in ((size.height, size.width), chroma, chroma)]

    def convert(self, source: int, target: int) -> None:
        """Convert the frames of a pipe until it ends, or until nobody reads the other one."""
        with contextlib.suppress(BrokenPipeError):
            for mapper in itertools.cycle(self._mappers):
                if not all(_is_filled(source, plane) for plane in self._planes):
                    return
                for plane in mapper(self._planes):
                    _write(target, plane)


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
