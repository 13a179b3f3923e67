"""The configuration file as it is written: every key, its type and its default.

The description of a field states the allowed values. The docstring below the field states its meaning. The
documentation is generated from both. `checks.py` checks the keys that depend on each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WrapValidator

from tui_gen.base.priority import DEFAULT_PRIORITY
from tui_gen.config.cluster_keys import Cluster
from tui_gen.config.keys import KeysModel, PathText, Text
from tui_gen.config.run_keys import (
    FreeSpace,
    Hooks,
    Keymap,
    Niceness,
    NoticesKey,
    OpenSources,
    StatusFile,
    Workers,
)
from tui_gen.config.schedule_keys import Schedule
from tui_gen.jobs.superres.config.settings import DEFAULT_PAIR_RESIDUAL, ImageFormat, Scale
from tui_gen.jobs.superres.config.variant_keys import VariantEntry
from tui_gen.jobs.superres.extraction.scoring.scores import Mode, ScoreName
from tui_gen.media.colour import DEFAULT_LINEAR_PEAK_NITS, Output

LEFT_OUT = object()
"""Replaces a faulty element of a list, so that the other elements can still be checked."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A part of a film: a number of seconds, or a share of its duration."""

    seconds: float = 0.0
    share: float = 0.0


def _keep_left_out(value: object, check: Callable[[object], object]) -> object:
    return value if value is LEFT_OUT else check(value)


def _as_target(value: object) -> object:
    return value if isinstance(value, dict) else {"target": value}


def _as_share(value: object) -> object:
    return value if isinstance(value, dict) else {"probability": value}


def _as_amount(value: object) -> Amount:
    if isinstance(value, str):
        number = float(value.removesuffix("%")) / 100 if value.endswith("%") else math.nan
        amount = Amount(share=number)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        amount = Amount(seconds=float(value))
    else:
        amount = Amount(share=math.nan)
    if not (0 <= amount.seconds < math.inf and 0 <= amount.share < 1):
        wrong = "neither seconds nor a share"
        raise ValueError(wrong)
    return amount


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Weight = Annotated[float, Field(ge=0, le=100, description="a number from 0 to 100")]
Pixels = Annotated[int, Field(ge=1, le=16384)]
SizePair = Annotated[list[Pixels], Field(min_length=2, max_length=2)]
LrVersion = Annotated[str, Field(pattern=r"^([3-9]|[1-9][0-9]{1,2})frames$")]
Part = Annotated[Amount, PlainValidator(_as_amount)]

Primaries = Literal[
    "bt709", "bt2020", "smpte432", "smpte431", "smpte170m", "bt470bg", "smpte240m", "bt470m", "film"
]
Transfer = Literal[
    "bt709",
    "smpte2084",
    "arib-std-b67",
    "bt2020-10",
    "bt2020-12",
    "smpte170m",
    "bt470bg",
    "bt470m",
    "smpte240m",
    "iec61966-2-1",
    "iec61966-2-4",
    "linear",
]
Matrix = Literal["bt709", "smpte170m", "bt470bg", "bt2020nc", "bt2020c", "smpte240m", "fcc", "ycgco"]
"""The tags by which ffmpeg's zscale can read YUV, by ffmpeg's names."""

WEIGHTS = 'categories and their weights from 0 to 100, like {"general": 0.5, "space": 0.5}'


class TargetEntry(KeysModel):
    """The target of one category."""

    target: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="a whole number of patches, 0 or more, or null for no target"
    )
    """The total number of patches of the category; null takes all patches that its videos give."""


class FormatEntry(KeysModel):
    """One format of one category."""

    probability: Weight = Field(description="the format's share, a number from 0 to 100")
    """The format's share of the category's patches; shares need not add up to 1."""
    gt_size: SizePair | None = Field(default=None, description="[width, height] in pixels, like [540, 540]")
    """Width and height of the ground truth; required for a format that is not built in."""
    lr_size: SizePair | None = Field(default=None, description="[width, height] in pixels, like [180, 180]")
    """Width and height of one low-resolution frame; by default `gt_size` divided by `scale`."""


Target = Annotated[
    TargetEntry,
    BeforeValidator(_as_target),
    Field(description='a whole number of patches, 0 or more, or {"target": 80000}'),
]
Share = Annotated[
    FormatEntry,
    BeforeValidator(_as_share),
    Field(description='a share from 0 to 100, or {"gt_size": [96, 96], "probability": 0.5}'),
]


class TrimEntry(KeysModel):
    """The parts of every film that are left out."""

    start: Part = Field(default=Amount(), description='seconds, 0 or more, or a share like "8%"')
    """The part left out at the beginning of every film, in seconds or as a share of its duration."""
    end: Part = Field(default=Amount(), description='seconds, 0 or more, or a share like "8%"')
    """The part left out at the end of every film, in seconds or as a share of its duration."""
    chapters: bool = Field(default=False, description="true or false")
    """Whether to leave out chapters that are named like credits, opening titles or end titles."""


class ScoreEntry(KeysModel):
    """The effect of one score, and its limits if they are not the default ones."""

    do: Mode = Field(description='"off", "score" or "reject"')
    """The effect: "off" has none, "score" records the value, "reject" also rejects values beyond a limit."""
    under: float | None = Field(default=None, description="the least value that passes, or null for none")
    """Values below this limit are flagged; by default the score's own limit, null removes it."""
    over: float | None = Field(default=None, description="the largest value that passes, or null for none")
    """Values above this limit are flagged; by default the score's own limit, null removes it."""


def _as_score(value: object) -> object:
    return value if isinstance(value, dict) else {"do": value}


Score = Annotated[
    ScoreEntry,
    BeforeValidator(_as_score),
    Field(description='"off", "score", "reject", or an object, like {"do": "reject", "under": 6}'),
]


class RuleEntry(KeysModel):
    """The weights of films whose names contain a text."""

    match: Text = Field(description='a part of the film\'s name, like "interstellar"')
    """The text to look for in a film's name; case is ignored, dots and underscores count as spaces."""
    categories: dict[str, Weight] = Field(description=WEIGHTS)
    """The categories of a film with this text in its name, and its weight in each."""


class VideoEntry(KeysModel):
    """One film."""

    name: Text = Field(description='the film\'s name, like "Dune (2021)"')
    """The name of the film on screens, in reports and in the names of its patches."""
    path: PathText = Field(description='the path of the film\'s file, like "/films/dune.mkv"')
    """The path of the film's file, relative to the folder of the configuration."""
    categories: dict[str, Weight] = Field(description=WEIGHTS)
    """The categories that get patches of the film, and its weight in each; {} leaves the film out."""
    priority: Annotated[int, Field(ge=0, le=255)] = Field(
        default=DEFAULT_PRIORITY, description="a whole number from 0 (first) to 255 (last)"
    )
    """The order of the films: films with lower numbers are processed first."""
    id: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")] | None = Field(
        default=None, description="1 to 64 letters, digits and hyphens"
    )
    """The permanent identity of the film; the program assigns an id if this is left out."""
    crop: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=4, max_length=4)] | None = Field(
        default=None, description="[x, y, width, height] in pixels of the upright picture"
    )
    """The region that patches are cut from; by default the region between the black bars."""
    peak: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        default=None, description="the brightest light in hundreds of nits, a number above 0, like 10"
    )
    """The brightest light for tone-mapping, in hundreds of nits; by default that of the film's metadata."""
    primaries: Primaries | None = Field(
        default=None, description='the name that ffmpeg has for them, like "bt709" or "bt2020"'
    )
    """The primaries to read the film by; by default those of its metadata."""
    transfer: Transfer | None = Field(
        default=None,
        description='the name that ffmpeg has for it: "bt709", "smpte2084" for PQ, "arib-std-b67" for HLG',
    )
    """The transfer function to read the film by; by default that of its metadata."""
    matrix: Matrix | None = Field(
        default=None, description='the name that ffmpeg has for it, like "bt709", "smpte170m" or "bt2020nc"'
    )
    """The matrix to read the film by; by default that of its metadata."""
    range: Literal["tv", "pc"] | None = Field(default=None, description='"tv" (limited) or "pc" (full)')
    """The range of the film's levels; by default that of its metadata."""
    split: Literal["train", "val", "test"] | None = Field(
        default=None, description='"train", "val" or "test", or null for that of its group'
    )
    """The part of the dataset that gets the whole film; by default that of its group, else training."""
    group: Text | None = Field(
        default=None,
        description='a name shared by editions, a series or sequels, like "Dune", or null',
    )
    """A name shared by films that belong together: all films of a group are in the same part of a split."""
    pair: PathText | None = Field(
        default=None, description='the path of a lower-quality release of the film, like "/dvd/dune.mkv"'
    )
    """The file of another release of the film (DVD, HDTV, web), of which LR is made too, in `LR_pair`."""


class BaseSettings(KeysModel):
    """The settings that exist since the first version."""

    output_base_dir: PathText = Field(
        description='the folder to fill, like "/mnt/data/training/dataset"; there is no default'
    )
    """The output folder: the program writes all files below it."""
    base_frame_limit: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=3000, description="the clips of one video, a whole number from 1 to 1000000"
    )
    """The number of clips of a video whose weights add up to 1; other videos get a proportional number."""
    max_workers: Workers = Field(default=12, description="a whole number from 1 to 1024")
    """The number of workers when a run begins; you can change it during the run."""
    open_sources: OpenSources = None
    """The most films that are read at once, for libraries on spinning disks; null sets no limit."""
    val_percent: Annotated[float, Field(ge=0, le=50)] = Field(
        default=0.0, description="a number from 0 to 50"
    )
    """The share of each film that is held out for validation."""
    temp_dir: PathText | None = Field(default=None, description="a folder or null; it is not needed")
    """Accepted from older files and ignored: there are no temporary frames."""
    status_file: StatusFile = None
    """The path of the status file for monitors; null is `.generator_status.json` in the output folder."""
    min_file_size: Annotated[int, Field(ge=0)] = Field(default=10000, description="a whole number, 0 or more")
    """Accepted from older files and ignored: blank pictures are detected by their pixels."""
    scene_diff_threshold: Annotated[float, Field(ge=0, le=255)] = Field(
        default=45.0, description="a number from 0 to 255"
    )
    """The difference of a clip's first and last frame above which the clip is a cut, for `scene_cuts`."""
    max_retry_attempts: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=10, description="a whole number from 1 to 1000"
    )
    """The number of places of the film that are tried for one clip before the clip is rejected."""
    retry_skip_seconds: Annotated[float, Field(gt=0)] = Field(
        default=60.0, description="a number of seconds above 0"
    )
    """The distance from a place with bad data to the next place that is tried."""
    frames: Literal[7, 15, 30, 31, 100] = Field(default=7, description="7, 15, 30, 31 or 100")
    """The number of frames of a clip; GT is the middle frame (of 30 the 16th, of 100 the 51st)."""
    frame_step: Annotated[int, Field(ge=1, le=4)] = Field(default=1, description="a whole number from 1 to 4")
    """The distance of the frames of a clip: 1 takes consecutive frames, 2 every second frame, and so on."""
    lr_versions: Annotated[list[LrVersion], Field(min_length=1)] | None = Field(
        default=None,
        description='a list of "5frames", "7frames" and other odd numbers of frames up to `frames`, or null',
    )
    """The low-resolution stacks that are written; null is five frames, and as many as `frames`."""
    scale: Scale = Field(default=3, description="2, 3 or 4")
    """The number of ground-truth pixels per low-resolution pixel, on each axis."""
    lr_scales: list[Scale] = Field(default=[], description="a list of 2, 3 and 4, like [2, 4]")
    """The scales of further low-resolution stacks, in `LR_x2`, `LR_7frames_x2` and so on beside `LR`."""
    min_free_gb: FreeSpace = 5.0
    """The run waits while less than this is free on the disk of the output."""
    ffmpeg_threads: Annotated[int, Field(ge=0, le=1024)] = Field(
        default=0, description="a whole number, 0 for automatic"
    )
    """The decoding threads of one worker; 0 divides the processors among the workers."""
    nice: Niceness = 19
    """The niceness of the decoders; 19 is the lowest priority."""


class ConfigFile(KeysModel):
    """A whole generator_config.json."""

    job: Literal["superres"] = Field(default="superres", description='"superres"')
    """The kind of dataset to make."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(default=0, description="a whole number, 0 or more")
    """The seed of every random choice: the same seed and settings give the same bytes."""
    # Validated even when absent, so that the message about the missing output folder names its key.
    base_settings: BaseSettings = Field(
        default={},
        validate_default=True,
        description='an object, like {"output_base_dir": "/mnt/data/training/dataset"}',
    )
    """The output folder, and the limits of the run."""
    scene_cuts: Literal["accept", "reject"] = Field(default="accept", description='"accept" or "reject"')
    """Whether clips with a cut are kept, or rejected by `scene_diff_threshold`."""
    chroma: Literal["420", "444"] = Field(default="420", description='"420" or "444"')
    """The colour resolution of converted HDR: "444" keeps what UHD has at 1080p, "420" is the older value."""
    lr_kernel: Literal["bicubic", "area", "lanczos", "bd", "bd_duf", "seed"] = Field(
        default="bicubic", description='"bicubic", "area", "lanczos", "bd", "bd_duf" or "seed"'
    )
    """The kernel that shrinks ground truth to low resolution."""
    lr_border: Literal["crop", "picture"] = Field(default="crop", description='"crop" or "picture"')
    """The pixels beyond the edge of a patch when it is shrunk: the mirrored patch, or the picture."""
    png_compression: Annotated[str, Field(pattern=r"^(rle|fast|igzip|[0-9])$"), BeforeValidator(_as_text)] = (
        Field(default="rle", description='"rle", "fast", "igzip" or a level from "0" to "9"')
    )
    """The compression of PNG files: small and fast, larger, the fastest (an extra), or a zlib level."""
    image_format: ImageFormat = Field(default="png", description='"png" or "webp"')
    """The format of the files: PNG, which every loader reads, or lossless WebP, which is smaller."""
    interlaced: Literal["deinterlace", "refuse"] = Field(
        default="deinterlace", description='"deinterlace" or "refuse"'
    )
    """Whether interlaced films are deinterlaced or left out."""
    telecine: Literal["refuse", "keep"] = Field(default="refuse", description='"refuse" or "keep"')
    """Whether films with hard telecine (3:2 pulldown woven into the frames) are left out, or used."""
    stereo: Literal["left", "right", "refuse"] = Field(
        default="left", description='"left", "right" or "refuse"'
    )
    """The eye whose picture is taken from 3D films with two pictures in a frame; "refuse" takes neither."""
    hdr: Literal["exact", "fast"] = Field(default="exact", description='"exact" or "fast"')
    """The conversion of HDR: by ffmpeg's filters, or faster by a kernel that needs the extra `fast`."""
    colour_output: Output = Field(default="sdr8", description='"sdr8", "pq16" or "linear16"')
    """The colours of the files: 8-bit BT.709, or 16-bit BT.2020 in PQ or in linear light for HDR models."""
    linear_peak_nits: Annotated[float, Field(ge=100, le=10000)] = Field(
        default=DEFAULT_LINEAR_PEAK_NITS, description="a number of nits from 100 to 10000"
    )
    """The light of the largest value of "linear16", in nits; brighter light is clipped."""
    sdr_films: Literal["refuse", "convert"] = Field(default="refuse", description='"refuse" or "convert"')
    """Whether SDR films are left out of 16-bit output, or converted with their white at 203 nits."""
    sampling: Literal["uniform", "keyframe"] = Field(default="uniform", description='"uniform" or "keyframe"')
    """The places of clips: spread evenly over the film, or at its key frames, which cost less to decode."""
    hwaccel: Literal["auto", "none", "cuda", "vaapi", "qsv"] = Field(
        default="none", description='"auto", "none", "cuda", "vaapi" or "qsv"'
    )
    """The decoder: the processor, or a device for the films that it decodes to exactly the same pixels."""
    ffmpeg: PathText | None = Field(
        default=None, description='"system" for the one on PATH, the path of an ffmpeg, or null'
    )
    """The ffmpeg to use; null is the ffmpeg that comes with the program."""
    trim: TrimEntry = Field(default=TrimEntry(), description='an object, like {"start": 60, "end": "8%"}')
    """The parts left out at both ends of every film, such as opening titles and credits."""
    category_targets: dict[str, Target] = Field(
        default={}, description='categories and their targets, like {"general": 80000}'
    )
    """The number of patches of each category; a category without a target takes all its videos give."""
    category_paths: dict[str, PathText] = Field(
        default={}, description="categories and their folders, relative to output_base_dir"
    )
    """The folder of each category; by default `Universal/Mastermodell/Learn` and similar."""
    format_config: dict[str, dict[str, Share]] = Field(
        default={}, description='formats by category, like {"general": {"small_540": 0.45}}'
    )
    """The patch formats of each category and their shares; by default the built-in ones."""
    category_rules: list[Annotated[RuleEntry, WrapValidator(_keep_left_out)]] = Field(
        default=[], description='a list of {"match": "...", "categories": {...}}'
    )
    """The categories that `tui-gen scan` gives to films by their names; the longest matching text decides."""
    schedule: Schedule = Field(default=[])
    """Other numbers of workers at times of the week; of two times that overlap, the later entry applies."""
    cluster: Cluster = None
    """The machines that perform the work, over a dask scheduler; null works on this machine alone."""
    hooks: Hooks = Field(default={})
    """Your commands to run on events; a command gets the event as a line of JSON on its standard input."""
    keymap: Keymap = Field(default={})
    """Other keys for the screen, by the ids that the help of the screen shows."""
    notices: NoticesKey = "none"
    """How the screen notifies you when the run ends or has a problem: not at all, by a bell, or by OSC 9."""
    videos: list[Annotated[VideoEntry, WrapValidator(_keep_left_out)]] = Field(
        default=[], description='a list of {"name": "...", "path": "...", "categories": {...}}'
    )
    """The films, one entry for each."""
    scores: dict[ScoreName, Score] = Field(
        default={}, description='scores and what to do by them, like {"flat": "reject", "noise": "score"}'
    )
    """The effect of each score of quality: none, record, or record and reject."""
    crop_choice: Literal["uniform", "detail"] = Field(default="uniform", description='"uniform" or "detail"')
    """The places of patches: uniformly random, or half of them at the most detailed of four places."""
    repeated_frames: Literal["keep", "collapse"] = Field(default="keep", description='"keep" or "collapse"')
    """Whether the frames of a clip are consecutive, or frames that repeat a picture are left out."""
    gt_frames: Literal[1, 7, 15, 30, 31, 100] = Field(
        default=1,
        description="1, or as many as `frames`: 7 for a stack of the ground truth of every frame beside GT",
    )
    """The ground-truth frames of a patch: the middle frame, or all frames in a separate stack."""
    lr_variants: dict[str, VariantEntry] = Field(
        default={}, description='variants by name, like {"h264": {"codec": "libx264", "crf": [18, 35]}}'
    )
    """Degraded variants of the LR stacks, each in folders of its own, like `LR_h264`."""
    pair_max_residual: Annotated[float, Field(ge=0.02, le=2)] = Field(
        default=DEFAULT_PAIR_RESIDUAL, description="a number of LR pixels from 0.02 to 2"
    )
    """The shift left between GT and the LR of a `pair`, in LR pixels, above which the patch is rejected."""
