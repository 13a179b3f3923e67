"""Performs the units of the job: finds facts from headers and pictures, and makes patches of clips.

    reader ── one clip ahead ──> cut, shrink, encode, write (in a thread) ──> Made

Decoding the next clip overlaps cutting the last clip, unless a clip takes much memory. No further clip is
decoded, so a generator that nobody reads blocks within one clip. Closing the generator ends the decoder and
waits for files being written.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

from tui_gen.base.errors import ObstructedError
from tui_gen.engine.model.work import Clip, Doing, Failed, Learned, Made, Rejected, Report, Retried, Unusable
from tui_gen.jobs.superres import media
from tui_gen.jobs.superres.config.recipe import HDR_FAST
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.folders import OutputError, settle_slug
from tui_gen.jobs.superres.dataset.preparing import prepare_output
from tui_gen.jobs.superres.extraction.cutting import Given, cut_clip, write_all
from tui_gen.jobs.superres.extraction.degrading import encoded_patches
from tui_gen.jobs.superres.extraction.rendering import rendering, tone_mapping
from tui_gen.jobs.superres.extraction.scoring.scores import ClipTraits, clip_scores, rejection_reason
from tui_gen.jobs.superres.films.source_verdict import basis
from tui_gen.jobs.superres.media import ClipFrames
from tui_gen.jobs.superres.pairing.alignment import aligned
from tui_gen.jobs.superres.pairing.pair_track import (
    PAIR_FACTS,
    PairTrack,
    pair_refusal,
    pair_to_json,
    refused_to_json,
)
from tui_gen.jobs.superres.pairing.release_reader import with_release
from tui_gen.jobs.superres.planning.film_capacity import fields_refused
from tui_gen.jobs.superres.planning.worker_memory import MOST_AHEAD_BYTES
from tui_gen.jobs.superres.units import PROBED_FRAMES, ClipTask, Probe, Stretch, Survey
from tui_gen.media.colour import (
    colour_chain,
    is_tone_mapped,
    stored_filters,
    tail_filters,
    tone_mapped_tags,
    tone_mapping_peak,
)
from tui_gen.media.facts_json import keyframe_index_to_json, probe_to_json, survey_to_json
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.presence import Presence
from tui_gen.processes.children import ChildError

TELECINED = (
    "telecined (3:2 pulldown): of five frames two are woven from two pictures of the film; it is not undone, "
    'but taken, as "telecine" says'
)


CUTTING_ATTEMPTS = 3
"""The most attempts to make the patches of a clip: an encoder may be killed from outside."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools of the machine that performs a unit."""

    ffmpeg: Ffmpeg
    # The decoding threads of one worker. Called at each stretch, because the number of workers changes.
    threads: Callable[[], int]
    presence: Presence
    # Whether the output folder is one of this machine, from which files are sent: it lacks folders and names.
    is_staged: bool = False


async def perform_probe(unit: Probe, tools: Tools) -> AsyncGenerator[Report, None]:
    """Read the headers of one film."""
    await tools.presence.check(unit.source, unit.path)
    found = await media.probe(unit.file, least_frames=PROBED_FRAMES, ffmpeg=tools.ffmpeg)
    if isinstance(found, Unusable):
        yield basis(unit.source, unit.settings, tools.ffmpeg)
        yield found
        return
    facts = {"probe": probe_to_json(found)}
    if unit.settings.sampling == "keyframe":
        facts["keyframes"] = keyframe_index_to_json(await media.keyframe_index(unit.file, found))
    yield Learned(unit.source, facts)


async def perform_survey(unit: Survey, tools: Tools) -> AsyncGenerator[Report, None]:
    """Survey a film before its first stretch, and fix the names of its files."""
    await tools.presence.check(unit.source, unit.path)
    facts: dict[str, object] = {}
    warnings: tuple[str, ...] = ()
    if unit.survey is None:
        found = await media.survey(unit, ffmpeg=tools.ffmpeg)
        if isinstance(found, Unusable):
            yield basis(unit.source, unit.settings, tools.ffmpeg)
            yield found
            return
        facts["survey"] = survey_to_json(found)
        facts["colour"] = _colour(unit)
        if fields_refused(unit.settings, found) is not None:  # a refused film needs no names
            yield Learned(unit.source, facts)
            return
        warnings = (TELECINED,) if found.is_telecined else ()
        unit = replace(unit, survey=found)
    if unit.pair is not None and unit.survey is not None:
        paired = await aligned(unit, unit.pair, unit.survey, ffmpeg=tools.ffmpeg, threads=tools.threads())
        if isinstance(paired, PairTrack):
            facts[PAIR_FACTS] = pair_to_json(paired)
        else:
            file, reason = paired
            facts[PAIR_FACTS] = refused_to_json(file, reason)
            yield Learned(unit.source, facts, (*warnings, pair_refusal(reason)))
            return
    # Where files are sent from, there are no files of other owners to keep clear of (`SuperResolution.at`).
    settle = partial(settle_slug, unit.settings.output, video_id=unit.source)
    if unit.tries_hardware:
        tried = await media.hardware(unit, ffmpeg=tools.ffmpeg)
        facts["hwaccel"] = {"asked": tried.asked, "device": tried.device, "reason": tried.reason}
        if tried.device is None:
            warnings += (f"the processor decodes it, no device: {tried.reason}",)
    for category, folder, slug in unit.names_wanted:
        settled = slug if tools.is_staged else await asyncio.to_thread(_settled, settle, folder, slug)
        facts[f"slug:{category}"] = settled
        if settled != slug:
            warnings += (_named_beside(folder, slug, settled),)
    yield Learned(unit.source, facts, warnings)


def _named_beside(folder: str, slug: str, settled: str) -> str:
    """Return the warning about a film whose usual file names belong to files without a ledger line."""
    return (
        f"{folder} has files patch_{slug}_... that the ledger does not record: written as patch_{settled}_..."
    )


def _colour(unit: Survey) -> dict[str, object]:
    """Return the conversion of the film's colours, to be recorded: the chain at the film's own size."""
    probe, how = unit.probe, rendering(unit.settings, peak=unit.peak)
    peak = tone_mapping_peak(probe.colour, unit.peak) if is_tone_mapped(probe, how) else None
    chain = colour_chain(probe, how, frame=probe.upright)
    if tone_mapping(probe, unit.settings, peak=unit.peak) is not None:
        kernel = f"tone mapping by the kernel, version {HDR_FAST}"
        tail = tail_filters(probe, how, frame=probe.upright)
        chain = ",".join(filter(None, [stored_filters(probe), kernel, tone_mapped_tags(probe), tail]))
    return {"peak": peak, "chain": chain}


async def perform_stretch(unit: Stretch, tools: Tools) -> AsyncGenerator[Report, None]:
    """Make the patches of a stretch's clips."""
    await tools.presence.check(unit.source, unit.path)
    reader = with_release(unit, media.read_clips, ffmpeg=tools.ffmpeg, threads=tools.threads())
    # Size 1: the next clip's frames wait here while the last clip is cut, and no further clip is read.
    items: asyncio.Queue[Report | ClipFrames | BaseException | None] = asyncio.Queue(maxsize=1)
    pump = asyncio.create_task(_pump(reader, items), name=f"reader of {unit.source}")
    tasks = {task.index: task for task in unit.tasks}
    began: dict[int, float] = {}
    try:
        while (item := await items.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            if isinstance(item, ClipFrames):
                clip = Clip(unit.source, item.index)
                await tools.presence.check(unit.source, unit.path)
                yield Doing(clip, "cutting", item.attempts)
                for attempt in range(1, CUTTING_ATTEMPTS + 1):
                    try:
                        report = await _make(unit, tasks[item.index], item, began.get(item.index), tools)
                    except ChildError as error:
                        report = _retried_or_failed(clip, error, attempt, began.get(item.index))
                    yield report
                    if not isinstance(report, Retried):
                        break
                del item  # free its frames before waiting for the next
                items.task_done()
                continue
            items.task_done()
            if isinstance(item, Retried | Failed | Rejected | Unusable):
                # Before a failure counts against the film, check that its file is there and unchanged.
                await tools.presence.check(unit.source, unit.path)
            if isinstance(item, Unusable):
                yield basis(unit.source, unit.settings, tools.ffmpeg)
            if isinstance(item, Doing):
                began.setdefault(item.clip.index, time.monotonic())
            yield item
    finally:
        pump.cancel()
        with suppress(asyncio.CancelledError):
            await pump
        await reader.aclose()


async def _pump(
    reader: AsyncGenerator[Report | ClipFrames, None],
    items: asyncio.Queue[Report | ClipFrames | BaseException | None],
) -> None:
    try:
        async for item in reader:
            await items.put(item)
            if isinstance(item, ClipFrames) and item.size_bytes > MOST_AHEAD_BYTES:
                await items.join()
    except Exception as error:  # noqa: BLE001 - raised again by the consumer, which owns the unit
        await items.put(error)
    else:
        await items.put(None)


def _retried_or_failed(clip: Clip, error: ChildError, attempt: int, began: float | None) -> Retried | Failed:
    """Return the report of an encoder or a decoder of a variant that failed."""
    if attempt < CUTTING_ATTEMPTS:
        return Retried(clip, attempt, error.reason)
    return Failed(clip, error.reason, attempt, _seconds_since(began), error.detail)


async def _make(unit: Stretch, task: ClipTask, clip: ClipFrames, began: float | None, tools: Tools) -> Report:
    settings = unit.settings
    name = Clip(unit.source, clip.index)
    scores = clip_scores(_traits(clip), settings.scores)
    record = _record(clip, scores)
    if (reason := _cut_between(clip, settings) or rejection_reason(scores, settings.scores)) is not None:
        return Rejected(name, reason, clip.attempts, _seconds_since(began), record=record)
    write: Callable[[], Given] = partial(cut_clip, unit, task, clip)
    if settings.lr_variants:
        encoded, found = await encoded_patches(unit, task, clip, ffmpeg=tools.ffmpeg)
        write = partial(write_all, unit, encoded, found)
    writing = partial(_written, write, unit.settings, is_staged=tools.is_staged)
    given = await _finish(asyncio.get_running_loop().run_in_executor(None, writing))
    if given.rejected_scores:
        record["rejected_scores"] = given.rejected_scores
    return Made(name, given.patches, clip.attempts, _seconds_since(began), given.rejected, record)


def _cut_between(clip: ClipFrames, settings: Settings) -> str | None:
    difference, limit = clip.measures.scene_difference, settings.scene_diff_threshold
    if settings.scene_cuts == "accept" or difference <= limit:
        return None
    return f"scene cut: difference {difference:.1f}, over {limit:g}"


def _traits(clip: ClipFrames) -> ClipTraits:
    measures = clip.measures
    return ClipTraits(
        measures.pair_differences, measures.luma_change, clip.container_pts_seconds, clip.repeats
    )


def _record(clip: ClipFrames, scores: dict[str, float]) -> dict[str, object]:
    """Return the fields of a clip's ledger line besides its patches."""
    measures = clip.measures
    record: dict[str, object] = {
        "pts_seconds": round(clip.pts_seconds[len(clip.pts_seconds) // 2], 6),
        "pts": [round(time, 6) for time in clip.container_pts_seconds],
        "types": clip.picture_types,
        "scene_difference": round(measures.scene_difference, 3),
        "pair_differences": [round(value, 3) for value in measures.pair_differences],
        "reader": clip.reader,
    }
    if clip.steps is not None:
        record["frame_steps"] = list(clip.steps)
    if clip.device is not None:
        record["device"] = clip.device
    return record | {"scores": scores} if scores else record


def _seconds_since(began: float | None) -> float:
    return time.monotonic() - began if began is not None else 0.0


async def _finish(writing: asyncio.Future[Given]) -> Given:
    """Wait for files being written, even when cancelled, and return them: written files must be recorded.

    The task stays cancelled, so its owner reads no further report.
    """
    try:
        return await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.wait([writing])
        return writing.result()


def _settled(settle: Callable[[str, str], str], folder: str, slug: str) -> str:
    with _waiting_for_output():
        return settle(folder, slug)


@contextmanager
def _waiting_for_output() -> Iterator[None]:
    """Translate an OutputError that can pass into ObstructedError, which is no failure of the clip."""
    try:
        yield
    except OutputError as error:
        if error.is_obstruction:
            message = f"{error.filename}: {error.strerror}"
            raise ObstructedError(message) from error
        raise


def _written(write: Callable[[], Given], settings: Settings, *, is_staged: bool) -> Given:
    with _waiting_for_output():
        if is_staged:
            prepare_output(settings)
        return write()
