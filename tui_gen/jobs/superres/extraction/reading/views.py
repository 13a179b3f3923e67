"""Calculates the parts of a film's stored picture that its cuts need: only these are converted. Pure.

    stored  ┌──────────────────┐      a view: the cut's region, the pixels around it that its kernel may
            │   ┌─ view ──┐    │      read, and MARGIN more, so that the filters never see an edge that
            │   │ ┌─cut─┐ │    │      the whole picture does not have
            │   │ └─────┘ │    │
            │   └─────────┘    │      only at 1:1 and 1:2; otherwise the view is the whole picture
            └──────────────────┘

Invariant: the pixels of a cut are the same whether its view or the whole picture was converted. All views of
a format have the same size, so one long-lived colour process converts them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.extraction.reading.clip_frames import Bgr, PixelType
from tui_gen.jobs.superres.planning.geometry import border_margin
from tui_gen.jobs.superres.units import Cut
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Region, Size, contains, whole

MARGIN = 16
"""Stored pixels around the needed pixels. With noise, differences reach up to 11 pixels: pairs of pixels
share chroma, and chroma passes three filters."""
GRID = 4
"""Views begin at multiples of this number: pairs of pixels share chroma, at half size too."""
MOST_PIXELS = 1_300_000
"""Larger views are converted in strips: tone-mapping takes about 85 bytes per pixel, and a worker has as many
processes for it as there are formats. The views of the small formats are just below this limit."""
CROPPED_RATIOS = (1, 2)
WORTHWHILE_SHARE = 0.9
"""If the views together cover more of the picture than this share, the whole picture is converted."""


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """The sizes of the input and the output of one colour process."""

    stored: Size
    scaled: Size


@dataclass(frozen=True, slots=True)
class View:
    """A part of the stored picture, and the part of the scaled frame that it becomes."""

    frame: Size  # the whole frame, scaled
    area: Region  # of that frame
    stored: Region  # the same part, in pixels of the stored picture

    @property
    def shape(self) -> Shape:
        """The sizes before and after the conversion."""
        return Shape(self.stored.size, self.area.size)

    def exact(self) -> Region:
        """Return the part of `area` whose pixels equal those of the whole picture: without its margins."""
        margin = MARGIN * self.area.width // self.stored.width
        left, width = _less(self.area.x, self.area.width, self.frame.width, margin)
        top, height = _less(self.area.y, self.area.height, self.frame.height, margin)
        return Region(left, top, width, height)


def _less(start: int, length: int, available: int, margin: int) -> tuple[int, int]:
    """Remove the margin from both ends, except at an end of the picture."""
    first = start and start + margin
    end = start + length
    last = end if end == available else end - margin
    return first, last - first


def reach(cut: Cut, settings: Settings) -> Region:
    """Return the region of `cut.frame` that its patch depends on."""
    if settings.lr_border == "crop":
        return cut.region
    margin, at, within = border_margin(settings.ratios_of(cut.format)), cut.region, cut.picture
    left, top = max(at.x - margin, within.x), max(at.y - margin, within.y)
    right = min(at.x + at.width + margin, within.x + within.width)
    bottom = min(at.y + at.height + margin, within.y + within.height)
    return Region(left, top, right - left, bottom - top)


def kept_regions(frame: Size, cuts: Sequence[Cut], settings: Settings) -> tuple[Region, ...]:
    """Return the regions of frames of a size that cuts and their choices need, or the whole of the frames."""
    choices = [choice for cut in cuts for choice in cut.choices if choice.frame == frame]
    needed = tuple(dict.fromkeys(reach(choice, settings) for choice in choices))
    apart = [
        region
        for region in needed
        if not any(other != region and contains(other, region) for other in needed)
    ]
    is_less = sum(region.width * region.height for region in apart) < frame.width * frame.height
    return tuple(apart) if is_less else (whole(frame),)


def views_of(probe: ProbeFacts, cuts: Sequence[Cut], settings: Settings) -> tuple[View, ...]:
    """Return views that contain all pixels of all the cuts and of their choices."""
    found: list[View] = []
    choices = [choice for cut in cuts for choice in cut.choices]
    for frame in dict.fromkeys(cut.frame for cut in cuts):
        found += _views_at(probe, frame, [cut for cut in choices if cut.frame == frame], settings)
    return tuple(found)


Slices = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a view, and where it belongs in the kept part: rows and columns of both."""

    view: int  # its position among the views that are read
    source: Slices
    target: Slices


@dataclass(frozen=True, slots=True)
class KeptPart:
    """A region of the scaled frames that is kept of a clip, and the pieces of views that it consists of."""

    frame: Size  # the whole frame, scaled
    region: Region
    pieces: tuple[Piece, ...]

    def memory(self, frames: int, pixel_type: PixelType) -> Bgr:
        """Return an array for the pixels of a clip, (frames, height, width, 3)."""
        return np.empty((frames, self.region.height, self.region.width, 3), pixel_type)


def kept_parts(
    views: Sequence[tuple[View, Sequence[View]]], cuts: Sequence[Cut], settings: Settings
) -> tuple[KeptPart, ...]:
    """Return what is kept of views with their strips, which are read one after the other."""
    parts: list[KeptPart] = []
    first = 0
    for view, strips in views:
        is_whole = view.area == whole(view.frame)
        for region in kept_regions(view.frame, cuts, settings) if is_whole else (view.exact(),):
            pieces = (_piece(first + number, strip, region) for number, strip in enumerate(strips))
            parts.append(KeptPart(view.frame, region, tuple(piece for piece in pieces if piece is not None)))
        first += len(strips)
    return tuple(parts)


def _piece(number: int, strip: View, region: Region) -> Piece | None:
    """Return the exact rows of a strip in a region that is no wider than the strip; None without any."""
    exact = strip.exact()
    top, bottom = max(region.y, exact.y), min(region.y + region.height, exact.y + exact.height)
    if top >= bottom:
        return None
    left = region.x - strip.area.x
    source = slice(top - strip.area.y, bottom - strip.area.y), slice(left, left + region.width)
    return Piece(number, source, (slice(top - region.y, bottom - region.y), slice(None)))


def strips_of(probe: ProbeFacts, view: View) -> tuple[View, ...]:
    """Return a large view as strips of one shape, top to bottom: they take less memory at a time.

    The exact parts of the strips cover that of the view. The strips lie within the view.
    """
    needed = view.stored
    count = -(-needed.width * needed.height // MOST_PIXELS)
    if count == 1 or _ratio(probe, view.frame) is None:
        return (view,)
    height, step = _strip(needed.height, count)
    ratio = probe.coded.width // view.frame.width
    strips = []
    for number in range(count):
        # The last strip ends where the view ends.
        y = needed.y + min(number * step, needed.height - height)
        area = Region(view.area.x, y // ratio, view.area.width, height // ratio)
        strips.append(View(view.frame, area, Region(needed.x, y, needed.width, height)))
    return tuple(strips)


def _strip(whole_height: int, count: int) -> tuple[int, int]:
    """Return the least height of strips of a view, and the distance of their first lines.

    Two strips share at least their margins. All strips begin at multiples of GRID, seen from the view.
    """
    height = -(-(whole_height + (count - 1) * 2 * MARGIN) // count)
    height += (whole_height - height) % GRID
    while (step := (height - 2 * MARGIN) // GRID * GRID) * (count - 1) < whole_height - height:
        height += GRID
    return height, step


def whole_view(probe: ProbeFacts, frame: Size) -> View:
    """Return the view of the whole picture."""
    return View(frame, whole(frame), whole(probe.coded))


def _views_at(probe: ProbeFacts, frame: Size, cuts: Sequence[Cut], settings: Settings) -> list[View]:
    everything = whole_view(probe, frame)
    ratio = _ratio(probe, frame)
    if ratio is None:
        return [everything]
    found: list[View] = []
    for cut in sorted(cuts, key=lambda cut: cut.region.width * cut.region.height, reverse=True):
        needed = _scaled(reach(cut, settings), ratio)
        if not any(contains(view.stored, _grown(needed, probe.coded)) for view in found):
            found.append(_view(probe.coded, frame, needed, _room(cut, settings, ratio)))
    covered = sum(view.stored.width * view.stored.height for view in found)
    worthwhile = WORTHWHILE_SHARE * probe.coded.width * probe.coded.height
    return found if covered < worthwhile else [everything]


def _ratio(probe: ProbeFacts, frame: Size) -> int | None:
    """Return the ratio of stored pixels to the frame's pixels, or None if views cannot be cropped."""
    stored = probe.coded
    if probe.rotation_degrees or stored.width % 2 or stored.height % 2:
        return None
    for ratio in CROPPED_RATIOS:
        if (frame.width * ratio, frame.height * ratio) == (stored.width, stored.height):
            return ratio
    return None


def _scaled(region: Region, ratio: int) -> Region:
    return Region(region.x * ratio, region.y * ratio, region.width * ratio, region.height * ratio)


def _room(cut: Cut, settings: Settings, ratio: int) -> Size:
    """Return the largest size in stored pixels that a cut of this format may need, at any place."""
    border = 2 * border_margin(settings.ratios_of(cut.format)) if settings.lr_border == "picture" else 0
    return Size((cut.region.width + border) * ratio, (cut.region.height + border) * ratio)


def _grown(needed: Region, stored: Size) -> Region:
    """Add the margin on each side, as far as the picture extends."""
    left, top = max(0, needed.x - MARGIN), max(0, needed.y - MARGIN)
    right = min(stored.width, needed.x + needed.width + MARGIN)
    bottom = min(stored.height, needed.y + needed.height + MARGIN)
    return Region(left, top, right - left, bottom - top)


def _view(stored: Size, frame: Size, needed: Region, room: Size) -> View:
    x, width = _placed(needed.x, room.width, stored.width)
    y, height = _placed(needed.y, room.height, stored.height)
    ratio = stored.width // frame.width
    area = Region(x // ratio, y // ratio, width // ratio, height // ratio)
    return View(frame, area, Region(x, y, width, height))


def _placed(start: int, length: int, available: int) -> tuple[int, int]:
    """Return begin and length of a view on one axis; the length does not depend on `start`."""
    wanted = length + 2 * MARGIN + GRID
    # Congruent to `available`, so that a view at the far edge also begins at a multiple of GRID.
    size = wanted + (available - wanted) % GRID
    if size >= available:
        return 0, available
    return min(max(0, start - MARGIN) // GRID * GRID, available - size), size
