"""The units of the super-resolution job: self-contained, picklable, made by the plan.

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

if TYPE_CHECKING:
    from tui_gen.jobs.superres.clip_shape import ClipShape, Reach, WindowShape
    from tui_gen.jobs.superres.config.settings import Settings
    from tui_gen.jobs.superres.pairing.pair_track import PairTrack
    from tui_gen.jobs.superres.planning.geometry import PatchFormat
    from tui_gen.media.film_facts import FilmFile, ProbeFacts, SurveyFacts
    from tui_gen.media.geometry import Region, Size

EXTRACT = "extract"
"""Name of the stage that makes the patches, as in the ledger."""


PROBED_FRAMES = 7
"""The number of frames that a film must have at least; a film too short for a longer clip is known by its
duration."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The patch of one clip for one category: a crop of the scaled frame, and the names of its files."""

    category: str
    category_folder: str  # relative to the output folder
    format: PatchFormat
    frame: Size  # the whole upright frame, bars included, scaled to this size before the crop
    region: Region  # of the GT, in pixels of `frame`
    picture: Region  # inside the bars, in pixels of `frame`; `region` lies in it
    file_stem: str  # "patch_dune_2021_idx0042_med169": the name without ".png", the same for all kinds
    # Other places for the same patch; the most detailed place is used. Empty: `region` is used.
    rivals: tuple[Region, ...] = ()

    @property
    def choices(self) -> tuple[Cut, ...]:
        """The cuts to choose from by detail, `region` first."""
        if not self.rivals:
            return (self,)
        return tuple(replace(self, region=place, rivals=()) for place in (self.region, *self.rivals))


@dataclass(frozen=True, slots=True)
class ClipTask:
    """One clip to make."""

    index: int
    # Times of the frame at the window's anchor, in seconds from the first PTS of the video track: the
    # planned time, then those to try if the data there are bad. At most `max_retry_attempts`.
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
        """Return no clips: a probe produces facts only."""
        return ()

    def without(self, done: Collection[Clip]) -> Probe | None:
        """Return the probe itself: it has no parts."""
        del done
        return self


@dataclass(frozen=True, slots=True)
class Survey:
    """Look at a film before its first stretch and fix the names of its files."""

    source: str
    path: str
    name: str
    settings: Settings
    probe: ProbeFacts
    # Not None: the film was surveyed before, and the survey is not repeated.
    survey: SurveyFacts | None
    # category -> (folder relative to the output, slug to use); only categories without a recorded slug.
    names_wanted: tuple[tuple[str, str, str], ...]
    peak: float | None = None  # of the video's entry; None: from the metadata
    tries_hardware: bool = False  # whether to test if a device decodes it
    pair: str | None = None  # path of the release to align with the film; None: nothing to align

    @property
    def clips(self) -> tuple[Clip, ...]:
        """Return no clips: a survey produces facts only."""
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
    begins_at_window: bool = False  # a clip's first frame, and not its middle frame, is at a window's time
    device: str | None = None  # that decodes it; None: the processor
    # None: the frames of a clip are consecutive, with or without repeats.
    reach: Reach | None = None
    pair: PairTrack | None = None  # the release that LR is also made of

    @property
    def clips(self) -> tuple[Clip, ...]:
        """One clip per task, in time order."""
        return tuple(Clip(self.source, task.index) for task in self.tasks)

    @property
    def shape(self) -> ClipShape:
        """The number and the distance of the frames of a clip."""
        return self.settings.clip_shape

    @property
    def window(self) -> WindowShape:
        """The frames of the film that a clip spans, and which one is nearest to a window's time."""
        return self.shape.window(begins_at_target=self.begins_at_window)

    def without(self, done: Collection[Clip]) -> Stretch | None:
        """Return the stretch without the clips that are done, or None when none is left."""
        left = tuple(task for task in self.tasks if Clip(self.source, task.index) not in done)
        return replace(self, tasks=left) if left else None
