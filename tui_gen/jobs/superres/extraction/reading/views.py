"""Which parts of a film's stored picture its cuts need: only these go through the colour chain. Pure.

    stored  ┌──────────────────┐      a view: the cut's region, what its kernel may read around it, and
            │   ┌─ view ──┐    │      MARGIN more, so that the filters never see an edge that the whole
            │   │ ┌─cut─┐ │    │      picture does not have
            │   │ └─────┘ │    │
            │   └─────────┘    │      at 1:1 and 1:2 only; else the view is the whole picture
            └──────────────────┘

Invariant: the pixels of a cut are the same whether its view or the whole picture was converted.
A format's views have one size wherever they lie, so one long-lived colour process serves them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.planning.geometry import border_margin
from tui_gen.jobs.superres.units import Cut
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Region, Size, contains, whole

MARGIN = 16
"""Stored pixels around what is needed. Noise shows differences up to 11 of them: chroma is shared by
pairs of pixels and goes through three filters."""
GRID = 4
"""Views begin on multiples of it: the pairs that share chroma, at half size too."""
MOST_PIXELS = 1_300_000
"""Larger views are converted in strips: tone-mapping takes some 85 bytes a pixel, and a worker has as many
processes for it as there are formats. The views of the small formats are just below."""
CROPPED_RATIOS = (1, 2)
WORTHWHILE_SHARE = 0.9
"""Views that cover more of the picture than this together are replaced by the whole of it."""


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """What one colour process turns into what: sizes of its input and of its output."""

    stored: Size
    scaled: Size


@dataclass(frozen=True, slots=True)
class View:
    """A part of the stored picture and what it becomes."""

    frame: Size  # the whole frame, scaled
    area: Region  # of that frame
    stored: Region  # the same part, of the stored picture

    @property
    def shape(self) -> Shape:
        """The sizes it has before and after."""
        return Shape(self.stored.size, self.area.size)

    def exact(self) -> Region:
        """Return the part of `area` whose pixels are those of the whole picture: all but the margins."""
        margin = MARGIN * self.area.width // self.stored.width
        left, width = _less(self.area.x, self.area.width, self.frame.width, margin)
        top, height = _less(self.area.y, self.area.height, self.frame.height, margin)
        return Region(left, top, width, height)


def _less(start: int, length: int, available: int, margin: int) -> tuple[int, int]:
    """Take the margin off both ends, unless the end is the picture's own."""
    first = start and start + margin
    end = start + length
    last = end if end == available else end - margin
    return first, last - first


def reach(cut: Cut, settings: Settings) -> Region:
    """Return the pixels of `cut.frame` that its patch is made of."""
    if settings.lr_border == "crop":
        return cut.region
    margin, at, within = border_margin(cut.format.ratio), cut.region, cut.picture
    left, top = max(at.x - margin, within.x), max(at.y - margin, within.y)
    right = min(at.x + at.width + margin, within.x + within.width)
    bottom = min(at.y + at.height + margin, within.y + within.height)
    return Region(left, top, right - left, bottom - top)


def views_of(probe: ProbeFacts, cuts: Sequence[Cut], settings: Settings) -> tuple[View, ...]:
    """Return views that hold what all the cuts are made of, wherever they may lie."""
    found: list[View] = []
    choices = [choice for cut in cuts for choice in cut.choices]
    for frame in dict.fromkeys(cut.frame for cut in cuts):
        found += _views_at(probe, frame, [cut for cut in choices if cut.frame == frame], settings)
    return tuple(found)


def strips_of(probe: ProbeFacts, view: View) -> tuple[View, ...]:
    """Return a large view as strips of one shape, top to bottom: what is converted at once takes memory.

    Their exact parts cover that of the view.
    """
    stored, needed = probe.coded, view.stored
    count = -(-needed.width * needed.height // MOST_PIXELS)
    if count == 1 or _ratio(probe, view.frame) is None:
        return (view,)
    step = -(-needed.height // count // GRID) * GRID
    ratio = stored.width // view.frame.width
    strips = []
    for top in range(needed.y, needed.y + needed.height, step):
        y, height = _placed(top, step, stored.height)
        area = Region(view.area.x, y // ratio, view.area.width, height // ratio)
        strips.append(View(view.frame, area, Region(needed.x, y, needed.width, height)))
    return tuple(strips)


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
    """Return how many stored pixels make one of the frame's, where views may be cropped."""
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
    """Return the most that a cut of this format may need, wherever it lies."""
    border = 2 * border_margin(cut.format.ratio) if settings.lr_border == "picture" else 0
    return Size((cut.region.width + border) * ratio, (cut.region.height + border) * ratio)


def _grown(needed: Region, stored: Size) -> Region:
    """Add the margin, as far as there is picture."""
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
    """Return where a view begins on one axis and how long it is; only the latter is fixed."""
    wanted = length + 2 * MARGIN + GRID
    # Congruent to the whole, so that a view at the far edge begins on the grid too.
    size = wanted + (available - wanted) % GRID
    if size >= available:
        return 0, available
    return min(max(0, start - MARGIN) // GRID * GRID, available - size), size
