"""The units of the super-resolution job: complete in themselves, picklable, made by the plan.

Probe(source)    reads the headers of one film
Survey(source)   looks at a film before its first stretch, and fixes the names of its files
Stretch(source)  clips of one film in time order, read by one decoder
    ClipTask k ── windows: the timestamps to try, in order
               └─ cuts: one per category
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_gen.engine.model.work import Clip

if TYPE_CHECKING:  # children load this for its numbers alone
    from tui_gen.jobs.superres.config.settings import Settings
    from tui_gen.jobs.superres.planning.geometry import PatchFormat
    from tui_gen.media.film_facts import FilmFile, ProbeFacts, SurveyFacts
    from tui_gen.media.geometry import Region, Size

EXTRACT = "extract"
"""Name of the stage that makes the patches, as in the ledger."""

CLIP_FRAMES = 7
MIDDLE = 3
"""Position of the GT frame in a clip; LR holds -2..+2 around it, LR_7frames -3..+3."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far from a window's time frames are looked through for seven that differ."""

    before_seconds: float
    after_seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """What one clip gives one category: a crop of the scaled frame, and where its files go."""

    category: str
    category_folder: str  # relative to the output folder
    format: PatchFormat
    frame: Size  # the whole upright frame, bars included, scaled to this size before the crop
    region: Region  # of the GT, in pixels of `frame`
    picture: Region  # inside the bars, in pixels of `frame`; `region` lies in it
    file_stem: str  # "patch_dune_2021_idx0042_med169": the name without ".png", the same for all three
    # Other places for the same patch: the one with most detail is taken. Empty: it is `region`.
    rivals: tuple[Region, ...] = ()

    @property
    def choices(self) -> tuple[Cut, ...]:
        """The cuts that it may become, `region` first."""
        if not self.rivals:
            return (self,)
        return tuple(replace(self, region=place, rivals=()) for place in (self.region, *self.rivals))


@dataclass(frozen=True, slots=True)
class ClipTask:
    """One clip to make."""

    index: int
    # Times in seconds from the first PTS of the picture track, of the frame at the stretch's anchor: the
    # planned one, then those to move to when the data there is bad. At most `max_retry_attempts`.
    windows: tuple[float, ...]
    cuts: tuple[Cut, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """Read the headers of one film."""

    source: str
    path: str
    settings: Settings

    @property
    def file(self) -> FilmFile:
        """Return the file to read."""
        from tui_gen.media.film_facts import FilmFile

        return FilmFile(self.source, self.path, self.settings.nice)

    @property
    def clips(self) -> tuple[Clip, ...]:
        """None: a probe gives facts, not clips."""
        return ()

    def without(self, done: Collection[Clip]) -> Probe | None:
        """Return the probe itself: it has no parts."""
        del done
        return self


@dataclass(frozen=True, slots=True)
class Survey:
    """Look at a film before its first stretch and settle the file names it will use."""

    source: str
    path: str
    name: str
    settings: Settings
    probe: ProbeFacts
    # What is already known is not looked at again.
    survey: SurveyFacts | None
    # category -> (folder relative to the output, slug wanted); only those without a recorded slug.
    names_wanted: tuple[tuple[str, str, str], ...]
    peak: float | None = None  # of the video's entry; None: from the metadata
    tries_hardware: bool = False  # whether a device decodes it is not known yet

    @property
    def clips(self) -> tuple[Clip, ...]:
        """None: a survey gives facts, not clips."""
        return ()

    def without(self, done: Collection[Clip]) -> Survey | None:
        """Return the survey itself: it has no parts."""
        del done
        return self


@dataclass(frozen=True, slots=True)
class Stretch:
    """Clips of one film in time order that one worker handles with one decoder."""

    source: str
    path: str
    name: str
    settings: Settings
    probe: ProbeFacts
    survey: SurveyFacts
    peak: float | None  # of the video's entry; None: from the metadata
    tasks: tuple[ClipTask, ...]
    # Which of a clip's frames is the one nearest a window's time: the middle one, or the first where clips
    # begin at key frames.
    anchor: int = MIDDLE
    device: str | None = None  # what decodes it; None: the processor
    # None: a clip's frames follow one another, whether or not they repeat.
    reach: Reach | None = None

    @property
    def clips(self) -> tuple[Clip, ...]:
        """One per task, in time order."""
        return tuple(Clip(self.source, task.index) for task in self.tasks)

    def without(self, done: Collection[Clip]) -> Stretch | None:
        """Return the stretch without the clips that are done, or None when none is left."""
        left = tuple(task for task in self.tasks if Clip(self.source, task.index) not in done)
        return replace(self, tasks=left) if left else None
