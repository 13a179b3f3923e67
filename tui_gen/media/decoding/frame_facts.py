"""Tells where a film's frames are not what its first frame is: another sample aspect, or other colour tags.

Films are joined from parts. The facts of a film are those of its first frames, so a frame that states other
facts must not be treated by them. A frame that states nothing says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_gen.media.colour import colour_tags

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from tui_gen.media.film_facts import ProbeFacts

NAMES = ("range", "matrix", "primaries", "transfer")
_ALIKE = {
    "matrix": (frozenset({"smpte170m", "bt470bg"}),),
    "transfer": (frozenset({"bt709", "smpte170m", "bt2020-10", "bt2020-12"}),),
    "primaries": (frozenset({"smpte170m", "smpte240m"}),),
}
"""The names of one and the same curve, matrix or set of primaries (ITU-T H.273)."""

# libav's numbers, which are those of ITU-T H.273.
_RANGES = {1: "tv", 2: "pc"}
_MATRICES = {0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc"}
_MATRICES |= {8: "ycgco", 10: "bt2020c", 14: "ictcp"}
_PRIMARIES = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020"}
_PRIMARIES |= {10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213"}
_TRANSFERS = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear"}
_TRANSFERS |= {11: "iec61966-2-4", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12"}
_TRANSFERS |= {16: "smpte2084", 17: "smpte428", 18: "arib-std-b67"}
_UNSTATED = frozenset({"unknown", "reserved", "unspecified"})


@dataclass(frozen=True, slots=True)
class AllowedFacts:
    """The tags that frames of a film may state: by name, for each of NAMES."""

    tags: Mapping[str, Sequence[str]]

    def contradiction(self, stated: Mapping[str, str | None]) -> str | None:
        """Return how the tags of a frame contradict those of the film, or None."""
        for name, allowed in self.tags.items():
            tag = stated.get(name)
            if tag is not None and tag not in _UNSTATED and tag not in allowed:
                return f"{name} {tag}, not {allowed[0]}"
        return None


def allowed_facts(probe: ProbeFacts) -> AllowedFacts:
    """Return the tags that frames of a film may state: those of its first frame, and those it is read by.

    A tag that the video's entry states is not among them: it counts for all frames, whatever they state.
    """
    read_as = colour_tags(probe)
    tags: dict[str, tuple[str, ...]] = {}
    for name in NAMES:
        if name in probe.configured_tags:
            continue
        stated = getattr(probe.colour, name) or getattr(read_as, name)
        alike = next((names for names in _ALIKE.get(name, ()) if stated in names), frozenset())
        tags[name] = (stated, *sorted({*alike, getattr(read_as, name)} - {stated}))
    return AllowedFacts(tags)


def tags_of(frame: VideoFrame) -> dict[str, str | None]:
    """Return the tags that a decoded frame states."""
    return {
        "range": _RANGES.get(int(frame.color_range)),
        "matrix": _MATRICES.get(int(frame.colorspace)),
        "primaries": _PRIMARIES.get(int(frame.color_primaries)),
        "transfer": _TRANSFERS.get(int(frame.color_trc)),
    }
