"""The configuration file as it is written: every key, its type and its default.

The description of a field is what a user is told to write there. What a key means together with the
others is the concern of `config.py`.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WrapValidator,
)
from pydantic.fields import FieldInfo

from tui_gen.engine.work import DEFAULT_PRIORITY
from tui_gen.jobs.superres.commented_json import Key

LEFT_OUT = object()
"""Stands where a faulty element of a list was, so that the rest can still be judged."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A part of a film: so many seconds, or a share of its duration."""

    seconds: float = 0.0
    share: float = 0.0


def _keep_left_out(value: object, check: Callable[[object], object]) -> object:
    return value if value is LEFT_OUT else check(value)


def _not_empty(text: str) -> str:
    if not text.strip():
        wrong = "empty"
        raise ValueError(wrong)
    return text


def _storable(text: str) -> str:
    """Refuse what no file system takes: NUL, and surrogates that stand for no byte."""
    if "\0" in text:
        wrong = "holds a NUL"
        raise ValueError(wrong)
    # Raises UnicodeEncodeError, a ValueError.
    text.encode("utf-8", "surrogateescape")
    return _not_empty(text)


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


class _Keys(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


Text = Annotated[str, AfterValidator(_not_empty)]
PathText = Annotated[str, AfterValidator(_storable)]
Weight = Annotated[float, Field(ge=0, le=100, description="a number from 0 to 100")]
Pixels = Annotated[int, Field(ge=1, le=16384)]
SizePair = Annotated[list[Pixels], Field(min_length=2, max_length=2)]
Part = Annotated[Amount, PlainValidator(_as_amount)]

WEIGHTS = 'categories and their weights from 0 to 100, like {"general": 0.5, "space": 0.5}'


class TargetEntry(_Keys):
    """How many patches a category wants."""

    target: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="a whole number of patches, 0 or more, or null for no target"
    )


class FormatEntry(_Keys):
    """One format of one category."""

    probability: Weight = Field(description="the format's share, a number from 0 to 100")
    gt_size: SizePair | None = Field(default=None, description="[width, height] in pixels, like [540, 540]")
    lr_size: SizePair | None = Field(default=None, description="[width, height] in pixels, like [180, 180]")


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


class TrimEntry(_Keys):
    """What is left out at both ends of every film."""

    start: Part = Field(default=Amount(), description='seconds, 0 or more, or a share like "8%"')
    end: Part = Field(default=Amount(), description='seconds, 0 or more, or a share like "8%"')


class RuleEntry(_Keys):
    """Weights for the films whose names hold a text."""

    match: Text = Field(description='a part of the film\'s name, like "interstellar"')
    categories: dict[str, Weight] = Field(description=WEIGHTS)


class VideoEntry(_Keys):
    """One film."""

    name: Text = Field(description='the film\'s name, like "Dune (2021)"')
    path: PathText = Field(description='the path of the film\'s file, like "/films/dune.mkv"')
    categories: dict[str, Weight] = Field(description=WEIGHTS)
    priority: Annotated[int, Field(ge=0, le=255)] = Field(
        default=DEFAULT_PRIORITY, description="a whole number from 0 (first) to 255 (last)"
    )
    id: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")] | None = Field(
        default=None, description="1 to 64 letters, digits and hyphens"
    )
    crop: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=4, max_length=4)] | None = Field(
        default=None, description="[x, y, width, height] in pixels of the upright picture"
    )
    peak: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        default=None, description="the brightest light in hundreds of nits, a number above 0, like 10"
    )
    split: Literal["train", "val", "test"] = Field(default="train", description='"train"')
    group: str | None = Field(default=None, description="null")


class BaseSettings(_Keys):
    """The settings every version had."""

    output_base_dir: PathText = Field(
        description='the folder to fill, like "/mnt/data/training/dataset"; there is no default'
    )
    base_frame_limit: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=3000, description="the clips of one video, a whole number from 1 to 1000000"
    )
    max_workers: Annotated[int, Field(ge=1, le=1024)] = Field(
        default=12, description="a whole number from 1 to 1024"
    )
    val_percent: Annotated[float, Field(ge=0, le=100)] = Field(default=0.0, description="0")
    temp_dir: PathText | None = Field(default=None, description="a folder or null; it is not needed")
    status_file: PathText | None = Field(
        default=None, description="a file, or null for .generator_status.json in the output folder"
    )
    min_file_size: Annotated[int, Field(ge=0)] = Field(default=10000, description="a whole number, 0 or more")
    scene_diff_threshold: Annotated[float, Field(ge=0, le=255)] = Field(
        default=45.0, description="a number from 0 to 255"
    )
    max_retry_attempts: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=10, description="a whole number from 1 to 1000"
    )
    retry_skip_seconds: Annotated[float, Field(gt=0)] = Field(
        default=60.0, description="a number of seconds above 0"
    )
    lr_versions: Annotated[list[Literal["5frames", "7frames"]], Field(min_length=1)] = Field(
        default=["5frames", "7frames"], description='one or both of "5frames" and "7frames", in a list'
    )
    min_free_gb: Annotated[float, Field(ge=0)] = Field(default=5.0, description="a number, 0 or more")
    ffmpeg_threads: Annotated[int, Field(ge=0, le=1024)] = Field(
        default=0, description="a whole number, 0 for automatic"
    )
    nice: Annotated[int, Field(ge=0, le=19)] = Field(default=19, description="a whole number from 0 to 19")


HookCommand = Annotated[list[str], Field(min_length=1)]


class ConfigFile(_Keys):
    """A whole generator_config.json."""

    job: Literal["superres"] = Field(default="superres", description='"superres"')
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(default=0, description="a whole number, 0 or more")
    # Validated even when absent, so that the missing output folder is named by its own key.
    base_settings: BaseSettings = Field(
        default={},
        validate_default=True,
        description='an object, like {"output_base_dir": "/mnt/data/training/dataset"}',
    )
    scene_cuts: Literal["accept", "reject"] = Field(default="accept", description='"accept" or "reject"')
    chroma: Literal["420", "444"] = Field(default="420", description='"420" or "444"')
    lr_kernel: Literal["bicubic", "area", "lanczos", "bd", "bd_duf", "seed"] = Field(
        default="bicubic", description='"bicubic", "area", "lanczos", "bd", "bd_duf" or "seed"'
    )
    lr_border: Literal["crop", "picture"] = Field(default="crop", description='"crop" or "picture"')
    png_compression: Annotated[str, Field(pattern=r"^(rle|fast|[0-9])$"), BeforeValidator(_as_text)] = Field(
        default="rle", description='"rle", "fast" or a level from "0" to "9"'
    )
    interlaced: Literal["deinterlace", "refuse"] = Field(
        default="deinterlace", description='"deinterlace" or "refuse"'
    )
    hdr: Literal["exact", "fast"] = Field(default="exact", description='"exact" or "fast"')
    sampling: Literal["uniform", "keyframe"] = Field(default="uniform", description='"uniform" or "keyframe"')
    hwaccel: Literal["auto", "none", "cuda", "vaapi", "qsv"] = Field(
        default="none", description='"auto", "none", "cuda", "vaapi" or "qsv"'
    )
    ffmpeg: PathText | None = Field(
        default=None, description='"system" for the one on PATH, the path of an ffmpeg, or null'
    )
    trim: TrimEntry = Field(default=TrimEntry(), description='an object, like {"start": 60, "end": "8%"}')
    category_targets: dict[str, Target] = Field(
        default={}, description='categories and their targets, like {"general": 80000}'
    )
    category_paths: dict[str, PathText] = Field(
        default={}, description="categories and their folders, relative to output_base_dir"
    )
    format_config: dict[str, dict[str, Share]] = Field(
        default={}, description='formats by category, like {"general": {"small_540": 0.45}}'
    )
    category_rules: list[Annotated[RuleEntry, WrapValidator(_keep_left_out)]] = Field(
        default=[], description='a list of {"match": "...", "categories": {...}}'
    )
    hooks: dict[Literal["on_finish", "on_problem", "on_disk_low", "on_pause"], HookCommand] = Field(
        default={},
        description='events and their commands as lists, like {"on_finish": ["/usr/local/bin/notify"]}',
    )
    keymap: dict[str, str] = Field(default={}, description='bindings and their keys, like {"pause": "space"}')
    videos: list[Annotated[VideoEntry, WrapValidator(_keep_left_out)]] = Field(
        default=[], description='a list of {"name": "...", "path": "...", "categories": {...}}'
    )
    scores: dict[str, Literal["off", "score", "reject"]] = Field(
        default={}, description='{} or "off" for each'
    )
    crop_choice: Literal["uniform", "detail"] = Field(default="uniform", description='"uniform"')
    repeated_frames: Literal["keep", "collapse"] = Field(default="keep", description='"keep"')
    gt_frames: Literal[1, 7] = Field(default=1, description="1")


def keys_known_at(key: Key) -> tuple[str, ...]:
    """Return the keys that an object of the file may hold; empty where any key may stand."""
    model, _ = _described(key)
    return tuple(model.model_fields) if model else ()


def remedy_for(key: Key) -> str:
    """Return what may be written at a place of the file."""
    return _described(key)[1]


def _described(key: Key) -> tuple[type[BaseModel] | None, str]:
    """Follow the annotations to a place; return the model there and the nearest description."""
    annotation: Any = ConfigFile
    text = 'an object, like {"base_settings": {...}, "videos": []}'
    for part in key:
        model = _model_of(annotation)
        if model is None:
            annotation = _element_of(annotation)
            text = _own_description(annotation) or text
        elif part in model.model_fields:
            field = model.model_fields[str(part)]
            annotation, text = field.annotation, field.description or text
        else:
            return None, text
    return _model_of(annotation), text


def _own_description(annotation: Any) -> str | None:  # noqa: ANN401 - an annotation is anything
    notes = getattr(annotation, "__metadata__", ())
    return next((note.description for note in notes if isinstance(note, FieldInfo)), None)


def _bare(annotation: Any) -> Any:  # noqa: ANN401 - an annotation is anything
    """Take `Annotated` and `| None` off."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is Annotated or (
            origin in {typing.Union, types.UnionType} and types.NoneType in typing.get_args(annotation)
        ):
            annotation = typing.get_args(annotation)[0]
        else:
            return annotation


def _model_of(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - an annotation is anything
    bare = _bare(annotation)
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def _element_of(annotation: Any) -> Any:  # noqa: ANN401 - an annotation is anything
    """Return the annotation of a list's elements or of an object's values."""
    inside = typing.get_args(_bare(annotation))
    return inside[-1] if inside else None
