"""The child that applies the kernel: what it is told, and how a few frames go through it.

    stored frames, raw ──> converter_child.py (numba) ──> frames of 8-bit BT.709 YUV, raw

No other process of the program loads numba: it takes memory, and its start takes time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tui_gen.media.colour import Rendering
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Size
from tui_gen.media.tone_mapping.cache import kernel_cache_folder
from tui_gen.media.tone_mapping.installed import missing
from tui_gen.media.tone_mapping.mapping import ToneMapping, tone_mapping_of
from tui_gen.processes.children import ENVIRONMENT

CONVERTER_CHILD = Path(__file__).with_name("converter_child.py")
FIRST_SECONDS = 300.0
"""The longest time for a few frames: on a machine without a cache of it, the kernel is compiled first."""


class ConverterUnfitError(Exception):
    """The kernel cannot be used on this machine; the message says why, and what to do."""


def kernel_mapping(probe: ProbeFacts, how: Rendering) -> ToneMapping | None:
    """Return what the kernel does to a film, or None if ffmpeg's filters convert it.

    The facts of the film and the settings alone decide this, never the machine.
    """
    if not how.uses_kernel or probe.hdr_class == "sdr":
        return None
    mapping = tone_mapping_of(probe, how)
    # ffmpeg turns pictures on their side in another format if their chroma is shared along one axis only.
    is_on_its_side = probe.rotation_degrees in {90, 270}
    if mapping is not None and is_on_its_side and len(set(mapping.subsampling)) > 1:
        return None
    return mapping


def converter_arguments(mappings: Sequence[ToneMapping], size: Size, *descriptors: int) -> list[str]:
    """Return the arguments of Python for a converter of frames of an even size.

    Each mapping converts one frame, and then the first one again; their chroma is alike. The descriptors are
    a pipe of stored frames and one of converted frames, or a socket through which such pipes come.
    """
    order = {
        "mappings": [mapping.to_json() for mapping in mappings],
        "size": [size.width, size.height],
        "cache": kernel_cache_folder(),
    }
    return ["-I", str(CONVERTER_CHILD), json.dumps(order), *map(str, descriptors)]


def converted(mappings: Sequence[ToneMapping], size: Size, frames: bytes) -> bytes:
    """Return stored frames as the kernel converts them, each by one mapping. Raises ConverterUnfitError."""
    if (refusal := missing()) is not None:
        raise ConverterUnfitError(refusal)
    command = [sys.executable, *converter_arguments(mappings, size, 0, 1)]
    try:
        done = subprocess.run(
            command,
            input=frames,
            capture_output=True,
            timeout=FIRST_SECONDS,
            check=False,
            start_new_session=True,
            cwd="/",
            env=ENVIRONMENT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f'the kernel of "hdr": "fast" does not run: {error}'
        raise ConverterUnfitError(message) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[-300:]
        message = (
            f'the kernel of "hdr": "fast" does not run (exit status {done.returncode}): '
            f'{said or "it says nothing"}; install numba again, or set "hdr": "exact"'
        )
        raise ConverterUnfitError(message)
    return done.stdout
