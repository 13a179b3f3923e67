"""Reads generator_config.json into frozen `Settings`, or reports all its problems at once.

    bytes ── commented_json ──> tree with lines ── schema ──> ConfigFile ── checks ──> Settings
                  │                                    │                             │
                  └────────────────────────────────────┴──── Problem ────────────────┘

Invariant: settings come only from a file without problems. Every problem names the file, the place and the
allowed values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails

import tui_gen
from tui_gen.config import documents
from tui_gen.config.cluster_keys import cluster_of
from tui_gen.config.commented_json import Document, Key
from tui_gen.config.documents import absolute, folder_of
from tui_gen.config.faults import ConfigurationError, located, repeated_keys, value_at
from tui_gen.config.keys import keys_known_at
from tui_gen.config.schedule_keys import schedule_of
from tui_gen.config.validation import Validator
from tui_gen.jobs.superres.config import checks
from tui_gen.jobs.superres.config.clip_checks import lr_versions_of
from tui_gen.jobs.superres.config.formats import further_scales
from tui_gen.jobs.superres.config.schema import LEFT_OUT, ConfigFile, VideoEntry
from tui_gen.jobs.superres.config.settings import Settings, Trim, Video, lr_version_frames
from tui_gen.jobs.superres.config.variant_checks import variants_of
from tui_gen.jobs.superres.dataset.split import TRAIN, Split, part_name
from tui_gen.media.film_facts import ConfiguredTags
from tui_gen.media.geometry import Region

_LISTS_WITH_GAPS = frozenset({"videos", "category_rules"})
_WHOLE = 'an object, like {"base_settings": {...}, "videos": []}'
_WHERE_MISSING = (
    "write one with `tui-gen scan DIR` from a folder of films, or see `tui-gen demo` make and use one"
)


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """The weights of films whose names contain a text; `scan` uses them."""

    match: str
    weights: tuple[tuple[str, float], ...]


def load_settings(path: Path) -> Settings:
    """Read a configuration. Raises `ConfigurationError` with every problem of the file."""
    return _settings(path, _load(path))


def load_rules(path: Path) -> tuple[CategoryRule, ...]:
    """Read a configuration's `category_rules`. Raises `ConfigurationError` as `load_settings` does."""
    entries = _load(path).category_rules
    return tuple(CategoryRule(entry.match, tuple(entry.categories.items())) for entry in entries)


def shipped_config() -> Path:
    """Return the path of the configuration that comes with the program."""
    package = Path(tui_gen.__file__).parent
    inside_the_wheel = package / "generator_config.json"
    return inside_the_wheel if inside_the_wheel.exists() else package.parent / "generator_config.json"


def read_document(path: Path) -> tuple[str, Document]:
    """Read a configuration's text and parse it; check only the syntax. Raises `ConfigurationError`.

    Bytes that are not UTF-8 become surrogates: encode with `surrogateescape` to get them back.
    """
    return documents.read_document(path, where_missing=_WHERE_MISSING)


def _load(path: Path) -> ConfigFile:
    _, document = read_document(path)
    faults = repeated_keys(document)
    validator = Validator(ConfigFile, _WHOLE, _take_out, _place_of)
    file, found = validator.validated(document)
    faults += found
    if file is not None:
        faulty = [fault.key for fault in faults]
        faults += [
            fault
            for fault in checks.check(file, folder_of(path))
            # Do not report an object as faulty because a faulty part was removed from it.
            if not any(key[: len(fault.key)] == fault.key for key in faulty)
        ]
    if file is None or faults:
        raise ConfigurationError(located(path, document, faults))
    return file


# ------------------------------------------------------------------------- parts that are faulty


def _take_out(tree: dict[str, Any], details: ErrorDetails) -> None:
    """Remove a faulty part, or the smallest object that is invalid without the missing part."""
    key: Key = details["loc"]
    if key == ("base_settings", "output_base_dir"):
        tree.setdefault("base_settings", {})["output_base_dir"] = "."
        return
    if details["type"] == "missing":
        key = key[:-1]
    while not _is_removable(tree, key):
        key = key[:-1]
    holder = value_at(tree, key[:-1])
    if isinstance(holder, list):
        holder[int(key[-1])] = LEFT_OUT
    else:
        holder.pop(key[-1], None)


def _is_removable(tree: object, key: Key) -> bool:
    if len(key) == 1:
        return True
    holder = value_at(tree, key[:-1])
    if isinstance(holder, list):
        return len(key) == len(("videos", 0)) and key[0] in _LISTS_WITH_GAPS
    return isinstance(holder, dict) and key[-1] in holder


def _place_of(unknown: str) -> str | None:
    if unknown in keys_known_at(ConfigFile, ("base_settings",)):
        return 'move it into "base_settings"'
    if unknown in keys_known_at(ConfigFile, ()):
        return "move it to the top level of the file"
    return None


# ------------------------------------------------------------------------------ file -> settings


def _settings(path: Path, file: ConfigFile) -> Settings:
    folder = folder_of(path)
    base = file.base_settings
    status_file = base.status_file
    return Settings(
        config_path=Path(folder, path.name),
        output=Path(absolute(folder, base.output_base_dir)),
        videos=_videos(folder, file),
        categories=checks.categories_of(file),
        job=file.job,
        seed=file.seed,
        base_frame_limit=base.base_frame_limit,
        max_workers=base.max_workers,
        open_sources=base.open_sources,
        status_file=Path(absolute(folder, status_file)) if status_file else None,
        scene_diff_threshold=base.scene_diff_threshold,
        scene_cuts=file.scene_cuts,
        max_retry_attempts=base.max_retry_attempts,
        retry_skip_seconds=base.retry_skip_seconds,
        frames=base.frames,
        frame_step=base.frame_step,
        lr_versions=_lr_versions(lr_versions_of(base)),
        scale=base.scale,
        lr_scales=further_scales(file),
        min_free_gb=base.min_free_gb,
        ffmpeg_threads=base.ffmpeg_threads,
        nice=base.nice,
        chroma=file.chroma,
        lr_kernel=file.lr_kernel,
        lr_border=file.lr_border,
        png_compression=file.png_compression,
        image_format=file.image_format,
        interlaced=file.interlaced,
        telecine=file.telecine,
        stereo=file.stereo,
        hdr=file.hdr,
        colour_output=file.colour_output,
        linear_peak_nits=file.linear_peak_nits,
        sdr_films=file.sdr_films,
        sampling=file.sampling,
        hwaccel=file.hwaccel,
        ffmpeg=_ffmpeg(folder, file.ffmpeg),
        trim=_trim(file),
        gt_frames=file.gt_frames,
        lr_variants=variants_of(file.lr_variants),
        pair_max_residual=file.pair_max_residual,
        crop_choice=file.crop_choice,
        repeated_frames=file.repeated_frames,
        scores=checks.rules_of(file),
        schedule=schedule_of(file.schedule),
        cluster=cluster_of(file.cluster, folder),
        hooks={name: tuple(command) for name, command in file.hooks.items()},
        keymap=dict(file.keymap),
        notices=file.notices,
    )


def _videos(folder: str, file: ConfigFile) -> tuple[Video, ...]:
    splits = checks.splits_of(file)
    sizes = Counter(entry.group for entry in file.videos)
    share = file.base_settings.val_percent / 100
    videos = []
    for index, entry in enumerate(file.videos):
        # Do not divide a film of a group: films of a group share content at different timestamps.
        is_divided = splits[index] == TRAIN and (entry.group is None or sizes[entry.group] == 1)
        videos.append(_video(folder, entry, splits[index], val_share=share if is_divided else 0.0))
    return tuple(videos)


def _video(folder: str, entry: VideoEntry, split: Split, *, val_share: float) -> Video:
    return Video(
        name=entry.name,
        path=absolute(folder, entry.path),
        weights=tuple(
            (part_name(category, split), weight)
            for category, weight in entry.categories.items()
            if weight > 0
        ),
        priority=entry.priority,
        id=entry.id,
        crop=Region(*entry.crop) if entry.crop else None,
        peak=entry.peak,
        tags=ConfiguredTags(entry.primaries, entry.transfer, entry.matrix, entry.range),
        split=split,
        group=entry.group,
        val_share=val_share,
        pair=absolute(folder, entry.pair) if entry.pair else None,
    )


def _lr_versions(versions: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(versions), key=lr_version_frames))


def _ffmpeg(folder: str, written: str | None) -> str | None:
    return written if written in {None, "system"} else absolute(folder, str(written))


def _trim(file: ConfigFile) -> Trim:
    start, end = file.trim.start, file.trim.end
    return Trim(start.seconds, start.share, end.seconds, end.share, has_chapters=file.trim.chapters)
