"""Why a window that was decoded without damage gives no clip: blank, of another kind, or interlaced. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tui_gen.jobs.superres.extraction.reading import graphs
from tui_gen.jobs.superres.extraction.reading.ffmpeg_pass import BadData
from tui_gen.jobs.superres.extraction.reading.luma import Luma, luma_plane
from tui_gen.jobs.superres.films.combing import is_clip_combed
from tui_gen.jobs.superres.units import Stretch
from tui_gen.media.decoding.frame_facts import NAMES, allowed_facts
from tui_gen.media.decoding.frame_log import FrameLog
from tui_gen.media.film_facts import INTERLACED_ORDERS

BLANK = "blank picture"
"""The reason for a window that can be decoded but has no content."""
UNLIKE_HERE = "another kind of picture than the film's first"
COMBED_HERE = "interlaced here, unlike other parts of the film"


def objection(
    stretch: Stretch, log: FrameLog, chosen: Sequence[int], *, lines: Sequence[Luma], is_blank: bool
) -> BadData | None:
    """Return why the frames at some positions of a log give no clip; `lines` are parts of their luma."""
    if is_blank:
        return BadData(BLANK)
    if (unlike := _unlike(stretch, log, chosen)) is not None:
        return BadData(UNLIKE_HERE, unlike)
    depth = luma_plane(stretch.probe.colour).bit_depth
    if _may_be_combed(stretch, log, chosen) and is_clip_combed(lines, depth=depth):
        return BadData(COMBED_HERE)
    return None


def _may_be_combed(stretch: Stretch, log: FrameLog, chosen: Sequence[int]) -> bool:
    """Return whether a window may be interlaced in a film that is not, by the survey or by its flags."""
    if graphs.must_deinterlace(stretch):
        return False
    is_flagged_here = any(log.frames[i].fields != "P" for i in chosen)
    is_flagged = stretch.probe.field_order in INTERLACED_ORDERS
    return bool(stretch.survey.combed_parts) or (is_flagged_here and not is_flagged)


def _unlike(stretch: Stretch, log: FrameLog, chosen: Sequence[int]) -> str | None:
    """Return how a frame of a window is not what the film's first frame is, or None."""
    probe = stretch.probe
    aspect, allowed = probe.first_aspect, allowed_facts(probe)
    for i in chosen:
        at_seconds = log.frames[i].pts_seconds - probe.first_pts_seconds
        for part in stretch.survey.other_parts:
            if part.is_of_shape_at(at_seconds):
                return part.unlike
        found = log.frames[i].sample_aspect
        if aspect is not None and all(found) and found != aspect:
            return f"sample aspect {found[0]}:{found[1]}, not {aspect[0]}:{aspect[1]}"
        stated = dict(zip(NAMES, log.frame_tags.get(i, ()), strict=False))
        if (contradiction := allowed.contradiction(stated)) is not None:
            return contradiction
    return None
