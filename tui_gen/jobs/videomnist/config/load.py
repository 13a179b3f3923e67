"""Reads a configuration into frozen `Settings`, or says everything that is wrong with it at once.

    bytes ── commented_json ──> tree with lines ── schema ──> ConfigFile ── checks ──> Settings
                  └────────────────────┴───── Fault ────────────┴── of the digits, too ──> ConfigurationError

Invariant: settings come from a file without a single fault. The images of the digits are looked at when a
run is opened; where the file has other faults, they are looked at here, so that all are told together.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails

from tui_gen.config import documents
from tui_gen.config.cluster_keys import cluster_faults, cluster_of
from tui_gen.config.documents import absolute, folder_of
from tui_gen.config.faults import ConfigurationError, Fault, located, repeated_keys
from tui_gen.config.schedule_keys import schedule_of
from tui_gen.config.validation import Validator
from tui_gen.jobs.videomnist.config.schema import ConfigFile
from tui_gen.jobs.videomnist.config.settings import SampleChoice, Settings
from tui_gen.jobs.videomnist.digits.find import load_pool
from tui_gen.jobs.videomnist.digits.pool import DigitPool, DigitsError
from tui_gen.jobs.videomnist.model import VideoSettings
from tui_gen.jobs.videomnist.render.frame_size import no_room

NAMED_DIGITS = frozenset({"auto", "drawn"})
TEST_SHARE = 5
"""Without a number of its own, the test split has a fifth of the videos of the training split."""
_WHOLE = 'an object, like {"job": "videomnist", "output_dir": "dataset"}'
_WHERE_MISSING = "write one, or see `tui-gen demo --job videomnist` make and use one"
_LENT = {"output_dir": ".", "job": "videomnist"}
"""What stands in for a required key that is missing, so that the rest of the file can be judged."""


def load_settings(path: Path) -> Settings:
    """Read a configuration. Raises ConfigurationError with every problem it has."""
    _, document = documents.read_document(path, where_missing=_WHERE_MISSING)
    faults = repeated_keys(document)
    file, found = Validator(ConfigFile, _WHOLE, _take_out).validated(document)
    faults += found
    if file is not None:
        faults += _checks(file)
    if file is None or faults:
        if file is not None:
            told = {fault.key for fault in faults}
            faults += [fault for fault in _pool(_settings(path, file))[1] if fault.key not in told]
        raise ConfigurationError(located(path, document, faults))
    return _settings(path, file)


def opened_pool(settings: Settings) -> DigitPool:
    """Return the digits of a configuration. Raises ConfigurationError where they cannot be used.

    Also refuses frames without room for the digits.
    """
    found, faults = _pool(settings)
    if found is None:
        _, document = documents.read_document(settings.config_path, where_missing=_WHERE_MISSING)
        raise ConfigurationError(located(settings.config_path, document, faults))
    return found


def _pool(settings: Settings) -> tuple[DigitPool | None, Sequence[Fault]]:
    folder = settings.config_path.parent
    try:
        pool = load_pool(settings.digits, config_folder=folder, seed=settings.video.seed)
    except DigitsError as error:
        return None, [_digits_fault(problem) for problem in error.problems]
    reason = no_room(settings.video, pool)
    if reason is None:
        return pool, []
    remedy = "write a larger image_size, or a smaller digit_size, margin, rotation or scaling"
    return None, [Fault(("image_size",), reason, remedy)]


def _digits_fault(problem: str) -> Fault:
    first, *lines = problem.splitlines()
    remedy = 'name other digits, or write "drawn"'
    if not lines:
        return Fault(("digits",), first, remedy)
    wrong, _, more = first.partition(". ")
    return Fault(("digits",), wrong, remedy, (more, *lines) if more else tuple(lines))


def _take_out(tree: dict[str, Any], details: ErrorDetails) -> None:
    """Remove the key that holds a faulty part."""
    key = str(details["loc"][0])
    tree.pop(key, None)
    if key in _LENT:
        tree[key] = _LENT[key]


def _checks(file: ConfigFile) -> Iterator[Fault]:
    """Yield what keys must not be together, and lists that name something twice."""
    for name in ("motion_types", "sample_formats", "digits_per_video"):
        for value, times in Counter(getattr(file, name)).items():
            if times > 1:
                yield Fault((name,), f"{value!r} stands there {times} times", "write it once")
    if file.masks and not file.truth:
        yield Fault(("masks",), "a mask's bits mean nothing without the truth", 'write "truth": true')
    yield from cluster_faults(file.cluster)


def _settings(path: Path, file: ConfigFile) -> Settings:
    folder = folder_of(path)
    default_test = max(1, file.videos_per_digit // TEST_SHARE)
    return Settings(
        config_path=Path(folder, path.name),
        output=Path(absolute(folder, file.output_dir)),
        video=_video(file),
        output_file=file.output_file,
        digits=_digits(folder, file),
        sequence_length=file.sequence_length,
        videos_per_digit=file.videos_per_digit,
        test_videos_per_digit=file.test_videos_per_digit or default_test,
        channels=file.channels,
        is_compressed=file.compression == "gzip",
        has_truth=file.truth,
        has_captions=file.captions,
        samples=_samples(file) if file.create_samples else None,
        fps=file.fps,
        max_workers=file.max_workers or os.cpu_count() or 1,
        min_free_gb=file.min_free_gb,
        nice=file.nice,
        keep_shards=file.keep_shards,
        status_file=Path(absolute(folder, file.status_file)) if file.status_file else None,
        schedule=schedule_of(file.schedule),
        cluster=cluster_of(file.cluster, folder),
        hooks={name: tuple(command) for name, command in file.hooks.items()},
        keymap=dict(file.keymap),
        notices=file.notices,
    )


def _video(file: ConfigFile) -> VideoSettings:
    return VideoSettings(
        seed=file.seed,
        image_size=file.image_size,
        digit_size=file.digit_size,
        frames=file.sequence_length + file.spare_frames,
        motion_types=tuple(file.motion_types),
        margin=file.margin,
        rotation=file.rotation,
        scaling=file.scaling,
        jitter=file.jitter,
        digits_per_video=tuple(sorted(file.digits_per_video)),
        compose=file.compose,
        overlap=file.overlap,
        masks=file.masks,
    )


def _digits(folder: str, file: ConfigFile) -> str | dict[str, str]:
    if not isinstance(file.digits, str):
        return {"train": absolute(folder, file.digits.train), "test": absolute(folder, file.digits.test)}
    return file.digits if file.digits in NAMED_DIGITS else absolute(folder, file.digits)


def _samples(file: ConfigFile) -> SampleChoice:
    return SampleChoice(
        tuple(file.sample_formats),
        file.num_samples,
        file.fps,
        file.gif_duration,
        file.zoom,
        has_montage=file.create_montage,
        has_comparisons=file.create_comparison,
        videos_per_comparison=file.num_per_class,
    )
