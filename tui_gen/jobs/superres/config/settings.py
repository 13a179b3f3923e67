"""The configuration for the rest of the job: frozen, complete, with every default filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from tui_gen.base.priority import DEFAULT_PRIORITY
from tui_gen.config.cluster_settings import ClusterSettings
from tui_gen.config.run_config import ScheduleEntry
from tui_gen.jobs.superres.clip_shape import ClipShape
from tui_gen.jobs.superres.dataset.file_kinds import GT, PAIR, FileKind
from tui_gen.jobs.superres.dataset.split import TRAIN, Split, split_of, whole_name
from tui_gen.jobs.superres.degradation.variants import Variant
from tui_gen.jobs.superres.extraction.scoring.scores import Rules
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.media.colour import DEFAULT_LINEAR_PEAK_NITS, Output
from tui_gen.media.film_facts import ConfiguredTags
from tui_gen.media.geometry import Region

DEFAULT_PAIR_RESIDUAL = 0.25
USUAL_LR_VERSIONS = ("5frames", "7frames")
LrKernel = Literal["bicubic", "area", "lanczos", "bd", "bd_duf", "seed"]
Scale = Literal[2, 3, 4]
ImageFormat = Literal["png", "webp"]


def lr_version_frames(version: str) -> int:
    """Return the number of frames of an LR stack by its name in the configuration, like "7frames"."""
    return int(version.removesuffix("frames"))


@dataclass(frozen=True, slots=True)
class Category:
    """A training set, or a held-out part of a training set ("general/val")."""

    name: str
    folder: str  # relative to the output folder, "/" between its parts, inside it; the parts' is the whole's
    target: int | None
    # format -> share; shares are above zero and need not sum to 1.
    distribution: tuple[tuple[PatchFormat, float], ...]


@dataclass(frozen=True, slots=True)
class Trim:
    """The parts of every film that are left out: both ends (seconds or a share), and title chapters."""

    start_seconds: float = 0.0
    start_share: float = 0.0
    end_seconds: float = 0.0
    end_share: float = 0.0
    has_chapters: bool = False  # also leave out chapters whose names are those of credits or titles


@dataclass(frozen=True, slots=True)
class Video:
    """One entry of `videos`. `path` is absolute; it need not exist."""

    name: str
    path: str
    # Category -> weight above zero, in the config's order. A held-out film as a whole has weights in
    # parts ("general/val") alone.
    weights: tuple[tuple[str, float], ...]
    priority: int = DEFAULT_PRIORITY
    id: str | None = None
    crop: Region | None = None  # in upright source pixels
    peak: float | None = None  # of tonemap, in units of 100 nits; None: from the metadata
    tags: ConfiguredTags = field(default_factory=ConfiguredTags)  # override the film's own colour tags
    split: Split = TRAIN  # of the film as a whole
    group: str | None = None  # editions, series, sequels: all in the same part of a split
    val_share: float = 0.0  # of its running time; one block of it is held out for validation
    pair: str | None = None  # absolute path of a lower-quality release of the film


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole configuration."""

    config_path: Path
    output: Path
    videos: tuple[Video, ...]
    categories: Mapping[str, Category]
    job: str = "superres"
    seed: int = 0
    base_frame_limit: int = 3000
    max_workers: int = 12
    open_sources: int | None = None  # at most so many films are read at once; None: any number
    status_file: Path | None = None  # None: <output>/.generator_status.json
    scene_diff_threshold: float = 45.0
    scene_cuts: Literal["accept", "reject"] = "accept"
    max_retry_attempts: int = 10
    retry_skip_seconds: float = 60.0
    frames: int = 7  # of a clip
    frame_step: int = 1  # frames of the film from one frame of a clip to the next
    lr_versions: tuple[str, ...] = USUAL_LR_VERSIONS  # the LR stacks by their numbers of frames
    scale: Scale = 3  # GT pixels per LR pixel on each axis; a custom format can have another ratio
    lr_scales: tuple[Scale, ...] = ()  # of further LR stacks; ascending, without `scale`
    min_free_gb: float = 5.0
    ffmpeg_threads: int = 0  # 0: chosen by the program
    nice: int = 19
    chroma: Literal["420", "444"] = "420"
    lr_kernel: LrKernel = "bicubic"
    lr_border: Literal["crop", "picture"] = "crop"
    png_compression: str = "rle"  # "rle" | "fast" | "igzip" | "0".."9"
    image_format: ImageFormat = "png"
    interlaced: Literal["deinterlace", "refuse"] = "deinterlace"
    telecine: Literal["refuse", "keep"] = "refuse"
    stereo: Literal["left", "right", "refuse"] = "left"
    hdr: Literal["exact", "fast"] = "exact"
    colour_output: Output = "sdr8"
    linear_peak_nits: float = DEFAULT_LINEAR_PEAK_NITS  # of the largest value of "linear16"
    sdr_films: Literal["refuse", "convert"] = "refuse"  # unless `colour_output` is "sdr8"
    sampling: Literal["uniform", "keyframe"] = "uniform"
    hwaccel: Literal["auto", "none", "cuda", "vaapi", "qsv"] = "none"
    ffmpeg: str | None = None  # "system": PATH; a path; None: found in the documented order
    trim: Trim = field(default_factory=Trim)
    gt_frames: int = 1  # as many as `frames`: also a stack of the ground truth of all frames
    lr_variants: tuple[Variant, ...] = ()  # degraded LR stacks beside the plain ones
    pair_max_residual: float = DEFAULT_PAIR_RESIDUAL  # of a patch of a pair, in LR pixels
    crop_choice: Literal["uniform", "detail"] = "uniform"
    repeated_frames: Literal["keep", "collapse"] = "keep"  # "collapse": the frames of a clip differ
    scores: Rules = field(default_factory=dict)  # without the scores that are off
    schedule: tuple[ScheduleEntry, ...] = ()
    cluster: ClusterSettings | None = None  # None: this machine alone
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keymap: Mapping[str, str] = field(default_factory=dict)
    notices: Literal["none", "bell", "message"] = "none"

    @property
    def uses_kernel(self) -> bool:
        """Whether the kernel of media/tone_mapping, which needs numba, converts HDR films."""
        return self.hdr == "fast" and self.colour_output == "sdr8"

    @property
    def whole_categories(self) -> tuple[Category, ...]:
        """The categories of the configuration, without the held-out parts."""
        return tuple(category for name, category in self.categories.items() if split_of(name) == TRAIN)

    @property
    def clip_shape(self) -> ClipShape:
        """The number and the distance of the frames of a clip."""
        return ClipShape(self.frames, self.frame_step)

    @property
    def file_kinds(self) -> tuple[FileKind, ...]:
        """The kinds of files of a patch: GT, the LR stacks from short to long, variants, the stack of GT.

        LR stacks of the format's own ratio are followed by those of `lr_scales`.
        """
        lengths = sorted(map(lr_version_frames, self.lr_versions))
        stacks = [
            FileKind(is_gt=False, frames=length, scale=scale)
            for scale in (None, *self.lr_scales)
            for length in lengths
        ]
        variants = [
            FileKind(is_gt=False, frames=length, variant=variant.name)
            for variant in self.lr_variants
            for length in lengths
        ]
        gt_stack = [FileKind(is_gt=True, frames=self.gt_frames)] if self.gt_frames > 1 else []
        return (GT, *stacks, *variants, *gt_stack)

    @property
    def pair_kinds(self) -> tuple[FileKind, ...]:
        """The kinds of files that a patch of a film with a pair has besides `file_kinds`."""
        lengths = sorted(map(lr_version_frames, self.lr_versions))
        return tuple(FileKind(is_gt=False, frames=length, variant=PAIR) for length in lengths)

    def kinds_of(self, category: str) -> tuple[FileKind, ...]:
        """Return the kinds of files of a category's patches: with pairs if any of its films has one."""
        has_pair = any(
            video.pair is not None and weight > 0 and whole_name(name) == whole_name(category)
            for video in self.videos
            for name, weight in video.weights
        )
        return (*self.file_kinds, *(self.pair_kinds if has_pair else ()))

    def ratios_of(self, patch_format: PatchFormat) -> tuple[int, ...]:
        """Return the ratios of GT to LR at which LR of a format is written."""
        return tuple(sorted({patch_format.ratio, *self.lr_scales}))

    @property
    def needs_repeats(self) -> bool:
        """Whether repeated frames must be detected."""
        return "repeated_frames" in self.scores

    def accepting_all(self) -> Settings:
        """Return these settings with all rejecting scores changed to recording ones, and cuts accepted."""
        rules = {name: replace(rule, mode="score") for name, rule in self.scores.items()}
        return replace(self, scores=rules, scene_cuts="accept")

    @property
    def run_folder(self) -> Path:
        """The folder of the ledger, the lock and the log."""
        return self.output / ".tui-gen"

    @property
    def status_path(self) -> Path:
        """The path of the status file."""
        return self.status_file or self.output / ".generator_status.json"
