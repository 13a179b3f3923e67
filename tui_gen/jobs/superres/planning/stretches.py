"""Divides a film's clips into stretches: runs in time order, each clip with its windows and its cuts.

Guards: the cuts of a clip depend only on the seed, the film, the clip and the category.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from operator import or_

from tui_gen.engine.model.work import Unit
from tui_gen.jobs.superres.config.settings import Settings, Video
from tui_gen.jobs.superres.dataset.split import whole_name
from tui_gen.jobs.superres.pairing.pair_track import PairTrack
from tui_gen.jobs.superres.planning.clip_bits import bit_indices
from tui_gen.jobs.superres.planning.film_capacity import Option
from tui_gen.jobs.superres.planning.geometry import border_margin, crop, crop_area
from tui_gen.jobs.superres.planning.names import file_stem
from tui_gen.jobs.superres.planning.seeded_random import draws
from tui_gen.jobs.superres.planning.timestamps import Windows
from tui_gen.jobs.superres.units import ClipTask, Cut, Stretch
from tui_gen.media.film_facts import ProbeFacts, SurveyFacts
from tui_gen.media.geometry import Region, Size

STRETCH_CLIPS = 16
"""The most clips of a stretch: enough to justify starting a decoder, few enough (about 20 s of work) that the
last stretches of a run keep all workers busy and that a film's clips are divided among them."""
MOVED_CLIPS = 2
"""A stretch begins up to this number of clips earlier or later than evenly, if a key frame lies before it."""
LEAD_FRAMES = 4
"""A stretch's first clip has all its frames at least this number of frames after the key frame."""


MOST_JOINED_CLIPS = 48
"""The most clips of consecutive stretches that one worker takes as one: about a minute of work at UHD. This
saves starts of children, and the decoding of what two workers need of one group of pictures."""


DETAIL_SHARE = Fraction(1, 2)
CANDIDATES = 4
"""With `"crop_choice": "detail"`: the share of patches, and the number of places to choose from."""


@dataclass(frozen=True, slots=True)
class Stretches:
    """The stretches of one film. Each iteration calculates them again, one by one."""

    settings: Settings
    source: str
    video: Video
    probe: ProbeFacts
    survey: SurveyFacts
    windows: Windows
    options: Mapping[str, tuple[Option, ...]]
    slugs: Mapping[str, str]  # by category
    todo: tuple[tuple[str, int], ...]  # category and bit set of clips
    device: str | None = None  # that decodes the film; None: the processor
    pair: PairTrack | None = None  # the release that LR is also made of

    def __iter__(self) -> Iterator[Stretch]:
        """Yield the stretches in time order, with nearly equal numbers of clips."""
        clips = [int(index) for index in bit_indices(reduce(or_, (bits for _, bits in self.todo), 0))]
        windows = self.windows.of(clips)
        clips.sort(key=lambda index: windows[index])
        for run in self._runs(clips, [next(iter(windows[index]), 0.0) for index in clips]):
            yield Stretch(
                source=self.source,
                path=self.video.path,
                name=self.video.name,
                settings=self.settings,
                probe=self.probe,
                survey=replace(self.survey, far_keys_seconds=()),  # units are sent to other processes
                peak=self.video.peak,
                begins_at_window=self.windows.line.starts_seconds is not None,
                device=self.device,
                reach=self.windows.line.reach,
                pair=self.pair,
                tasks=tuple(ClipTask(index, windows[index], self._cuts(index)) for index in run),
            )

    def _runs(self, clips: Sequence[int], at_seconds: Sequence[float]) -> Iterator[Sequence[int]]:
        line = self.windows.line
        lead_seconds = (line.shape.anchor + LEAD_FRAMES) * line.frame_seconds
        yield from runs_from_keys(clips, at_seconds, self.survey.far_keys_seconds, lead_seconds=lead_seconds)

    def _cuts(self, index: int) -> tuple[Cut, ...]:
        return tuple(self._cut(category, index) for category, bits in self.todo if bits >> index & 1)

    def _cut(self, category: str, index: int) -> Cut:
        name = whole_name(category)
        draw_format, draw_x, draw_y, draw_choice = draws(self.settings.seed, self.source, index, name)
        option = choose(self.options[category], draw_format)
        gt, picture = option.format.gt, option.fit.picture
        has_margin = self.settings.lr_border == "picture"
        area = crop_area(
            picture, gt, border_margin(self.settings.ratios_of(option.format)) if has_margin else 0
        )
        return Cut(
            category=category,
            category_folder=self.settings.categories[category].folder,
            format=option.format,
            frame=option.fit.frame,
            region=crop(area, gt, draw_x=draw_x, draw_y=draw_y),
            picture=picture,
            file_stem=file_stem(self.slugs[category], index, option.format),
            rivals=tuple(self._rivals(area, gt, index, name)) if self._looks(draw_choice) else (),
        )

    def _looks(self, draw: Fraction) -> bool:
        """Return whether the place of a patch is chosen by detail."""
        return self.settings.crop_choice == "detail" and draw < DETAIL_SHARE

    def _rivals(self, area: Region, gt: Size, index: int, category: str) -> Iterator[Region]:
        for number in range(1, CANDIDATES):
            draw_x, draw_y, _, _ = draws(self.settings.seed, self.source, index, category, number)
            yield crop(area, gt, draw_x=draw_x, draw_y=draw_y)


def joined(first: Unit, second: Unit) -> Stretch | None:
    """Return a stretch with the clips of two; None for too many, or if the second does not go on."""
    if not (isinstance(first, Stretch) and isinstance(second, Stretch)):
        return None
    tasks = first.tasks + second.tasks
    times = [task.windows[0] for task in tasks if task.windows]
    is_one = len(tasks) <= MOST_JOINED_CLIPS and times == sorted(times)
    return replace(first, tasks=tasks) if is_one and replace(second, tasks=first.tasks) == first else None


def choose(options: Sequence[Option], draw: Fraction) -> Option:
    """Return the option whose part of [0, 1) contains the draw; the parts are proportional to the shares."""
    passed = Fraction(0)
    for option in options:
        passed += option.share
        if draw < passed:
            return option
    return options[-1]


def runs_from_keys(
    clips: Sequence[int], at_seconds: Sequence[float], keys_seconds: Sequence[float], *, lead_seconds: float
) -> Iterator[Sequence[int]]:
    """Divide clips into runs of at most STRETCH_CLIPS, which begin after a key frame where possible.

    All times ascend. A run that begins in the middle of a group of pictures costs the decoding of the frames
    before it, which the worker with the run before decodes too. Without key frames, the runs are `runs`.
    """
    if not keys_seconds:
        yield from runs(clips, STRETCH_CLIPS)
        return

    def has_key(position: int) -> bool:
        """Return whether a key frame lies between the clip before and the clip at a position."""
        last, here = at_seconds[position - 1], at_seconds[position] - lead_seconds
        return bisect(keys_seconds, here) > bisect(keys_seconds, last)

    nominal = [run[0] for run in runs(range(len(clips)), STRETCH_CLIPS - 2 * MOVED_CLIPS)][1:]
    nearest_first = sorted(range(-MOVED_CLIPS, MOVED_CLIPS + 1), key=abs)
    begins = [0]
    for begin in nominal:
        places = (begin + step for step in nearest_first if begins[-1] < begin + step < len(clips))
        begins.append(next(filter(has_key, places), begin))
    for begin, end in pairwise([*begins, len(clips)]):
        yield clips[begin:end]


def runs(clips: Sequence[int], most: int) -> Iterator[Sequence[int]]:
    """Divide into the fewest runs of at most `most` clips; lengths differ by at most one."""
    count = -(-len(clips) // most)
    for number in range(count):
        yield clips[number * len(clips) // count : (number + 1) * len(clips) // count]
