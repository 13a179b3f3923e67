"""Says whether the package that the tone-mapping kernel needs is installed, without importing it."""

from __future__ import annotations

from importlib.util import find_spec


def missing() -> str | None:
    """Return the sentence that refuses `"hdr": "fast"`, or None if numba can be imported."""
    if find_spec("numba") is not None:
        return None
    return '"hdr": "fast" needs numba: pip install \'.[fast]\''
