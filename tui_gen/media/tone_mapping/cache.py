"""The folder in which numba keeps the compiled kernel.

Children that decode have no home and may write no file: a converter that the program starts with each run
compiles the kernel and writes it there, and they load it. Without the folder each child compiles it.
"""

from __future__ import annotations

import os

VARIABLE = "NUMBA_CACHE_DIR"
"""The name of numba's variable. It is read when numba is loaded."""


def kernel_cache_folder() -> str:
    """Return the folder in the cache folder of the user (XDG base directory specification)."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = named if os.path.isabs(named) else os.path.expanduser("~/.cache")  # noqa: PTH111, PTH117 - may not be UTF-8
    return os.path.join(base, "tui-gen", "kernel")  # noqa: PTH118
