"""Performs the units of the job: a child process does the work, and what it answers is reported."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from tui_gen.engine.executors.staging import require_output
from tui_gen.engine.model.work import Clip, Doing, Made, Patch, Rejected, Report
from tui_gen.jobs.videomnist.config.settings import SAMPLES_FOLDER, Settings
from tui_gen.jobs.videomnist.units import (
    FILE_CATEGORY,
    SAMPLES_CATEGORY,
    DatasetUnit,
    VideoUnit,
    split_and_digit,
)
from tui_gen.jobs.videomnist.work.earlier_shards import EarlierShards
from tui_gen.jobs.videomnist.work.orders import AssembleOrder, Context, RenderOrder, SamplesOrder
from tui_gen.processes.orders.child_process import Children

VIDEO_ENTRY = "video"
"""The kind of the file that a video is in, in the ledger."""


async def perform_videos(
    unit: VideoUnit, children: Children[Context], earlier: EarlierShards, *, requires_output: bool = False
) -> AsyncGenerator[Report, None]:
    """Render the videos of a unit that no earlier shard holds into one shard, then report each.

    With `requires_output` nothing is reported unless the run's ledger is seen in the output folder.
    """
    folder, output = children.context.settings.shards, children.context.settings.output
    if requires_output:
        await require_output(output)
    split, digit = split_and_digit(unit.source)
    yield Doing(unit.clips[0], "rendering")
    began = time.monotonic()
    shards = earlier.with_some_of(unit.source, unit.indexes, folder)
    told = await children.ask(RenderOrder(split, digit, unit.indexes, folder, shards))
    seconds = (time.monotonic() - began) / len(unit.indexes)
    if requires_output:
        await require_output(output)
    written = {folder / name for _, name, *rest in told if rest}.difference(shards)
    for shard in written:
        earlier.begin_reports(unit.source, shard)
    for report in _reports(unit, told, children.context.settings, seconds):
        yield report
    for shard in written:
        earlier.end_reports(shard)


def _reports(unit: VideoUnit, told: list[list[Any]], settings: Settings, seconds: float) -> Iterator[Report]:
    split = split_and_digit(unit.source)[0]
    for index, *rest in told:
        clip = Clip(unit.source, index)
        if len(rest) == 1:
            yield Rejected(clip, rest[0], 1, seconds)
            continue
        shard, size_bytes, digest, pixels_crc, truth_crc, pixels = rest
        record = {
            "format": "video",
            "files": {VIDEO_ENTRY: settings.output_file},
            "shard": shard,
            "blake2b": digest,
            "crc32": [pixels_crc, truth_crc],
        }
        yield Made(clip, (Patch(split, size_bytes, record),), 1, seconds, record={"pixels": pixels})


async def perform_file(unit: DatasetUnit, children: Children[Context]) -> AsyncGenerator[Report, None]:
    """Write the HDF5 file. The recorded size excludes the videos, which are counted already."""
    settings, (clip,) = children.context.settings, unit.clips
    yield Doing(clip, "assembling")
    began = time.monotonic()
    told = await children.ask(AssembleOrder(dict(unit.made), unit.has_earlier))
    record = {
        "format": "hdf5",
        "files": {"h5": settings.output_file},
        "content_sha256": told["content_sha256"],
        "videos": told["videos"],
    }
    patch = Patch(FILE_CATEGORY, max(0, told["size"] - told["stored"]), record)
    yield Made(clip, (patch,), 1, time.monotonic() - began)


async def perform_samples(unit: DatasetUnit, children: Children[Context]) -> AsyncGenerator[Report, None]:
    """Draw the samples of the HDF5 file."""
    (clip,) = unit.clips
    yield Doing(clip, "drawing samples")
    began = time.monotonic()
    told = await children.ask(SamplesOrder())
    hashes = told["sha256"]
    files = {name: f"{SAMPLES_FOLDER}/{name}" for name in hashes}
    record = {"format": "samples", "files": files, "sha256": hashes}
    yield Made(clip, (Patch(SAMPLES_CATEGORY, told["size"], record),), 1, time.monotonic() - began)
