"""Decides whether the tone-mapping kernel takes a film's samples, and says what the kernel needs to know.

Pure: it loads neither numpy nor numba. The description travels to the reader's child process as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from tui_gen.media.colour import Chroma, Rendering, chroma_location, colour_tags, tone_mapping_peak

if TYPE_CHECKING:
    from tui_gen.media.film_facts import ProbeFacts

Transfer = Literal["smpte2084", "arib-std-b67"]
Range = Literal["tv", "pc"]

MATRICES = frozenset({"bt2020nc", "bt709"})
PRIMARIES = frozenset({"bt2020", "bt709", "smpte432"})
RANGES = frozenset({"tv", "pc"})
LEAST_PEAK = 1.0
"""Below this, ffmpeg's tone curve is not monotonic."""
LARGEST_WIDTH = 16384
"""Of frames that the kernel takes, in pixels."""
_SAMPLES = re.compile(r"yuv(?P<subsampling>420|422|444)p(?P<bits>10|12)le")
_SUBSAMPLING = {"420": (1, 1), "422": (1, 0), "444": (0, 0)}


@dataclass(frozen=True, slots=True)
class ToneMapping:
    """What the kernel needs to know about the samples and the result. Names are ffmpeg's."""

    transfer: Transfer
    matrix: str
    primaries: str
    range: Range
    chroma_location: str
    bit_depth: int
    subsampling: tuple[int, int]  # of the stored samples: base-2 logarithms, horizontal and vertical
    peak: float  # the brightest light that the tone curve covers, in units of 100 nits
    chroma: Chroma  # of the result

    def to_json(self) -> dict[str, Any]:
        """Return the description as a JSON object."""
        return {**asdict(self), "subsampling": list(self.subsampling)}


def tone_mapping_from_json(entries: Mapping[str, Any]) -> ToneMapping:
    """Return the description that `to_json` wrote. Raises KeyError or TypeError on anything else."""
    across, down = entries["subsampling"]
    return ToneMapping(**{**entries, "subsampling": (across, down)})


def tone_mapping_of(probe: ProbeFacts, how: Rendering) -> ToneMapping | None:
    """Return how the kernel tone-maps a film, or None if it does not take the film's samples.

    The kernel takes planar YUV with 10 or 12 bits. Only the film's facts and the output decide.
    """
    tags, samples = colour_tags(probe), _SAMPLES.fullmatch(probe.colour.pixel_format)
    if samples is None or probe.hdr_class == "sdr" or how.output != "sdr8":
        return None
    if tags.matrix not in MATRICES or tags.primaries not in PRIMARIES or tags.range not in RANGES:
        return None
    peak = tone_mapping_peak(probe.colour, how.peak)
    if peak < LEAST_PEAK or max(probe.coded.width, probe.coded.height) > LARGEST_WIDTH:
        return None
    return ToneMapping(
        transfer="smpte2084" if probe.hdr_class == "pq" else "arib-std-b67",
        matrix=tags.matrix,
        primaries=tags.primaries,
        range="pc" if tags.range == "pc" else "tv",
        chroma_location=chroma_location(probe.colour),
        bit_depth=int(samples["bits"]),
        subsampling=_SUBSAMPLING[samples["subsampling"]],
        peak=peak,
        chroma=how.chroma,
    )
