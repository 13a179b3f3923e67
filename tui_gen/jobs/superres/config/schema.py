"""The configuration file as it is written: every key, its type and its default.

The description of a field says what to write, and the docstring below the field what it means: the
documentation is made of both. What a key means together with the others is the concern of `load.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WrapValidator

from tui_gen.base.priority import DEFAULT_PRIORITY
from tui_gen.config.keys import KeysModel, PathText, Text
from tui_gen.jobs.superres.extraction.scoring.scores import Mode, ScoreName

LEFT_OUT = object()
"""Stands where a faulty element of a list was, so that the rest can still be judged."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A part of a film: so many seconds, or a share of its duration."""

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
Part = Annotated[Amount, PlainValidator(_as_amount)]

WEIGHTS = 'categories and their weights from 0 to 100, like {"general": 0.5, "space": 0.5}'


class TargetEntry(KeysModel):
    """How many patches a category wants."""

    target: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="a whole number of patches, 0 or more, or null for no target"
    )
    """How many patches the category is to have in all; null takes all that its videos give."""


class FormatEntry(KeysModel):
    """One format of one category."""

    probability: Weight = Field(description="the format's share, a number from 0 to 100")
    """The format's share of the category's patches; shares need not add up to 1."""
    gt_size: SizePair | None = Field(default=None, description="[width, height] in pixels, like [540, 540]")
    """Width and height of the ground truth, needed for a format of your own."""
    lr_size: SizePair | None = Field(default=None, description="[width, height] in pixels, like [180, 180]")
    """Width and height of one low-resolution frame; a third of `gt_size` where it is left out."""


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
    """What is left out of every film."""

    start: Part = Field(default=Amount(), description='seconds, 0 or more, or a share like "8%"')
    """What is left out at the beginning of every film, in seconds or as a share of its duration."""
    end: Part = Field(default=Amount(), description='seconds, 0 or more, or a share like "8%"')
    """What is left out at the end of every film, in seconds or as a share of its duration."""
    chapters: bool = Field(default=False, description="true or false")
    """Whether chapters named like credits, opening titles or end titles are left out too."""


class ScoreEntry(KeysModel):
    """What is done by one score, and its limits where they are not the usual ones."""

    do: Mode = Field(description='"off", "score" or "reject"')
    """Nothing, measure and record, or also reject what is beyond the limits."""
    under: float | None = Field(default=None, description="the least value that passes, or null for none")
    """What lies under it is flagged; the score's own limit where this is left out."""
    over: float | None = Field(default=None, description="the largest value that passes, or null for none")
    """What lies over it is flagged; the score's own limit where this is left out."""


def _as_score(value: object) -> object:
    return value if isinstance(value, dict) else {"do": value}


Score = Annotated[
    ScoreEntry,
    BeforeValidator(_as_score),
    Field(description='"off", "score", "reject", or an object, like {"do": "reject", "under": 6}'),
]


class RuleEntry(KeysModel):
    """Weights for the films whose names hold a text."""

    match: Text = Field(description='a part of the film\'s name, like "interstellar"')
    """The text to look for in a film's name; upper and lower case, dots and underscores are alike."""
    categories: dict[str, Weight] = Field(description=WEIGHTS)
    """What a film with this text in its name is to feed, and with which weight."""


class VideoEntry(KeysModel):
    """One film."""

    name: Text = Field(description='the film\'s name, like "Dune (2021)"')
    """What the film is called on screens, in reports and in the names of its patches."""
    path: PathText = Field(description='the path of the film\'s file, like "/films/dune.mkv"')
    """Where the film's file lies; relative to the configuration's folder."""
    categories: dict[str, Weight] = Field(description=WEIGHTS)
    """The categories the film feeds, and its weight in each; {} leaves the film out."""
    priority: Annotated[int, Field(ge=0, le=255)] = Field(
        default=DEFAULT_PRIORITY, description="a whole number from 0 (first) to 255 (last)"
    )
    """Films with lower numbers are worked on first."""
    id: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")] | None = Field(
        default=None, description="1 to 64 letters, digits and hyphens"
    )
    """The film's lasting identity; given by the program where it is left out."""
    crop: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=4, max_length=4)] | None = Field(
        default=None, description="[x, y, width, height] in pixels of the upright picture"
    )
    """The part of the picture that patches are cut from, instead of the one found between the bars."""
    peak: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        default=None, description="the brightest light in hundreds of nits, a number above 0, like 10"
    )
    """The brightest light that tone-mapping reckons with, in hundreds of nits; else what the file says."""
    split: Literal["train", "val", "test"] | None = Field(
        default=None, description='"train", "val" or "test", or null for that of its group'
    )
    """The part of the dataset that the whole film belongs to; else that of its group, else training."""
    group: Text | None = Field(
        default=None,
        description='a name shared by editions, a series or sequels, like "Dune", or null',
    )
    """A name shared by films that belong together: a group never lies on both sides of a split."""


class BaseSettings(KeysModel):
    """The settings every version had."""

    output_base_dir: PathText = Field(
        description='the folder to fill, like "/mnt/data/training/dataset"; there is no default'
    )
    """Everything is written below this folder."""
    base_frame_limit: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=3000, description="the clips of one video, a whole number from 1 to 1000000"
    )
    """So many clips are taken from a video whose weights add up to 1, and in proportion from others."""
    max_workers: Annotated[int, Field(ge=1, le=1024)] = Field(
        default=12, description="a whole number from 1 to 1024"
    )
    """How many clips are in work at once when a run begins; it can be changed while running."""
    val_percent: Annotated[float, Field(ge=0, le=50)] = Field(
        default=0.0, description="a number from 0 to 50"
    )
    """The share of each film that is held out for validation."""
    temp_dir: PathText | None = Field(default=None, description="a folder or null; it is not needed")
    """Accepted from older files; there are no temporary frames."""
    status_file: PathText | None = Field(
        default=None, description="a file, or null for .generator_status.json in the output folder"
    )
    """Where the snapshot for monitors is written; null is `.generator_status.json` in the output folder."""
    min_file_size: Annotated[int, Field(ge=0)] = Field(default=10000, description="a whole number, 0 or more")
    """Accepted from older files; a blank picture is told by its pixels."""
    scene_diff_threshold: Annotated[float, Field(ge=0, le=255)] = Field(
        default=45.0, description="a number from 0 to 255"
    )
    """The difference of a clip's first and last frame from which on it is a cut, for `scene_cuts`."""
    max_retry_attempts: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=10, description="a whole number from 1 to 1000"
    )
    """How many places of the film are tried for one clip before the clip is given up."""
    retry_skip_seconds: Annotated[float, Field(gt=0)] = Field(
        default=60.0, description="a number of seconds above 0"
    )
    """How far from a place with bad data the next one is tried."""
    lr_versions: Annotated[list[Literal["5frames", "7frames"]], Field(min_length=1)] = Field(
        default=["5frames", "7frames"], description='one or both of "5frames" and "7frames", in a list'
    )
    """Which low-resolution stacks are written, of five frames, of seven, or both."""
    min_free_gb: Annotated[float, Field(ge=0)] = Field(default=5.0, description="a number, 0 or more")
    """The work waits while less than this is free on the output's disk."""
    ffmpeg_threads: Annotated[int, Field(ge=0, le=1024)] = Field(
        default=0, description="a whole number, 0 for automatic"
    )
    """Decoding threads of one worker; 0 shares the processors among the workers."""
    nice: Annotated[int, Field(ge=0, le=19)] = Field(default=19, description="a whole number from 0 to 19")
    """How far decoders stand back behind other programs; 19 is the furthest."""


HookCommand = Annotated[list[str], Field(min_length=1)]


class ConfigFile(KeysModel):
    """A whole generator_config.json."""

    job: Literal["superres"] = Field(default="superres", description='"superres"')
    """What is to be made."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(default=0, description="a whole number, 0 or more")
    """Decides every random choice: the same seed and settings give the same bytes."""
    # Validated even when absent, so that the missing output folder is named by its own key.
    base_settings: BaseSettings = Field(
        default={},
        validate_default=True,
        description='an object, like {"output_base_dir": "/mnt/data/training/dataset"}',
    )
    """The folder to fill, and the limits of the work."""
    scene_cuts: Literal["accept", "reject"] = Field(default="accept", description='"accept" or "reject"')
    """Whether clips with a cut in them are kept, or rejected by `scene_diff_threshold`."""
    chroma: Literal["420", "444"] = Field(default="420", description='"420" or "444"')
    """The colour resolution of converted HDR: "444" keeps what UHD holds at 1080p, "420" is the older."""
    lr_kernel: Literal["bicubic", "area", "lanczos", "bd", "bd_duf", "seed"] = Field(
        default="bicubic", description='"bicubic", "area", "lanczos", "bd", "bd_duf" or "seed"'
    )
    """How ground truth is shrunk to low resolution."""
    lr_border: Literal["crop", "picture"] = Field(default="crop", description='"crop" or "picture"')
    """What the shrinking sees at a patch's rim: the patch mirrored, or the picture around it."""
    png_compression: Annotated[str, Field(pattern=r"^(rle|fast|[0-9])$"), BeforeValidator(_as_text)] = Field(
        default="rle", description='"rle", "fast" or a level from "0" to "9"'
    )
    """How files are compressed: small and fast, faster and larger, or by a zlib level."""
    interlaced: Literal["deinterlace", "refuse"] = Field(
        default="deinterlace", description='"deinterlace" or "refuse"'
    )
    """Whether interlaced films are deinterlaced or left out."""
    telecine: Literal["refuse", "keep"] = Field(default="refuse", description='"refuse" or "keep"')
    """Whether films with 3:2 pulldown woven into their frames are left out, or taken all the same."""
    hdr: Literal["exact", "fast"] = Field(default="exact", description='"exact" or "fast"')
    """Whether HDR is converted exactly or faster, with other bytes."""
    sampling: Literal["uniform", "keyframe"] = Field(default="uniform", description='"uniform" or "keyframe"')
    """Where clips lie: spread evenly over the film, or at its keyframes, which are cheaper to reach."""
    hwaccel: Literal["auto", "none", "cuda", "vaapi", "qsv"] = Field(
        default="none", description='"auto", "none", "cuda", "vaapi" or "qsv"'
    )
    """What decodes: the processor, or a device where it gives a film's very pixels."""
    ffmpeg: PathText | None = Field(
        default=None, description='"system" for the one on PATH, the path of an ffmpeg, or null'
    )
    """Which ffmpeg is used; null is the one that comes with the program."""
    trim: TrimEntry = Field(default=TrimEntry(), description='an object, like {"start": 60, "end": "8%"}')
    """What is left out at both ends of every film, such as opening titles and credits."""
    category_targets: dict[str, Target] = Field(
        default={}, description='categories and their targets, like {"general": 80000}'
    )
    """How many patches each category is to have; a category without a target takes all its videos give."""
    category_paths: dict[str, PathText] = Field(
        default={}, description="categories and their folders, relative to output_base_dir"
    )
    """Each category's folder; `Universal/Mastermodell/Learn` and the like where it is left out."""
    format_config: dict[str, dict[str, Share]] = Field(
        default={}, description='formats by category, like {"general": {"small_540": 0.45}}'
    )
    """Each category's patch formats and their shares; built-in ones where a category is left out."""
    category_rules: list[Annotated[RuleEntry, WrapValidator(_keep_left_out)]] = Field(
        default=[], description='a list of {"match": "...", "categories": {...}}'
    )
    """What `tui-gen scan` takes films for, by a part of their names; the longest that fits decides."""
    hooks: dict[Literal["on_finish", "on_problem", "on_disk_low", "on_pause"], HookCommand] = Field(
        default={},
        description='events and their commands as lists, like {"on_finish": ["/usr/local/bin/notify"]}',
    )
    """Commands of yours that are run on events, with the event as a line of JSON on their standard input."""
    keymap: dict[str, str] = Field(default={}, description='bindings and their keys, like {"pause": "space"}')
    """Other keys for the screen, by the ids that its help names."""
    notices: Literal["none", "bell", "message"] = Field(
        default="none", description='"none", "bell" or "message"'
    )
    """How the screen calls you when the run ends or has a problem: not, by a bell, or by OSC 9."""
    videos: list[Annotated[VideoEntry, WrapValidator(_keep_left_out)]] = Field(
        default=[], description='a list of {"name": "...", "path": "...", "categories": {...}}'
    )
    """The films, one entry each."""
    scores: dict[ScoreName, Score] = Field(
        default={}, description='scores and what to do by them, like {"flat": "reject", "noise": "score"}'
    )
    """What is done with each measure of quality: nothing, recorded, or recorded and used to reject."""
    crop_choice: Literal["uniform", "detail"] = Field(default="uniform", description='"uniform" or "detail"')
    """Where patches are cut: anywhere alike, or half of them at the most detailed of four places."""
    repeated_frames: Literal["keep", "collapse"] = Field(default="keep", description='"keep" or "collapse"')
    """Whether the seven frames of a clip follow one another, or those that repeat a picture are left out."""
    gt_frames: Literal[1, 7] = Field(
        default=1, description="1, or 7 for a stack of the ground truth of every frame beside GT"
    )
    """How many ground-truth frames a patch has: the middle one, or all seven in a stack of their own."""
