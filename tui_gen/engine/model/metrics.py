"""Calculates all numbers that are derived from a run's state, and the standing of a run. Pure.

    RunState ── metrics_of ──> Metrics ──> screen, monitor, ctl, run, plan, report, status file, hooks

Invariant: no other module calculates these numbers; views only format them. Shares are between 0 and 1, times
are seconds, None means not measured. `eta` defines which clips are wanted and left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tui_gen.engine.model import eta
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import CategoryState, SlotState, SourceState

Standing = Literal["at work", "complete", "with gaps", "stopped", "failed", "died"]
"""The standing of a run: "died" is a run without an engine and without a recorded end."""

OUT_PHASES = frozenset({"skipped", "unusable", "missing", "quarantined", "nothing to do"})
"""The phases of sources that give no patches in this run."""

NEXT_SHOWN = 3
"""The sources at the head of the queue that screens mark."""
_WORK_ORDER = (
    "working",
    "queued",
    "failed",
    "quarantined",
    "unreachable",
    "unusable",
    "missing",
    "unknown",
    "skipped",
)


@dataclass(frozen=True, slots=True)
class VideoCounts:
    """The sources of a run, by the work that remains."""

    total: int
    done: int  # no clip is left
    left: int  # clips are left
    out: int  # they give no patches in this run


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The sources as the status file lists them under "video_checkpoints"."""

    total: int
    completed: int
    in_progress: int  # a worker performs a unit of them now
    others: Mapping[str, int]  # phase -> sources, for failed sources and those that give no patches


@dataclass(frozen=True, slots=True)
class ProblemCounts:
    """The number of different problems; a repeated one counts once."""

    errors: int
    warnings: int


@dataclass(frozen=True, slots=True)
class CategoryMetrics:
    """One category, or all categories together."""

    name: str
    videos: int  # sources with a quota for it
    videos_done: int  # of these, the sources without a clip left
    images: int
    target: int | None
    planned: int
    wanted: int  # the target, or the planned number without a target
    share_done: float | None  # of what is wanted
    missing: int  # wanted images that do not exist now
    shortfall: int  # images by which the target will be missed, by the current plan
    size_bytes: int
    mean_patch_bytes: float | None
    images_to_do: int  # that this run will still try to make
    seconds_left: float | None
    is_of_images: bool = True  # what it counts are images of the dataset, and count in the total


@dataclass(frozen=True, slots=True)
class Metrics:
    """All derived numbers of one moment."""

    has_plan: bool  # False before the first plan of a making stage: then the wanted number is unknown
    clips_wanted: int  # including those of stages over the whole dataset
    clips_done: int  # of the wanted ones
    source_clips_wanted: int  # of the sources, without the stages over the whole dataset
    source_clips_done: int
    clips_left: int  # of the wanted ones, including quarantined, failed and unreachable ones
    clips_to_do: int  # of those left, the ones that this run will still try
    share_done: float | None
    elapsed_seconds: float
    clips_per_second: float | None
    patches_per_minute: float | None
    seconds_left: float | None  # of work in this run
    seconds_to_completion: float | None  # of work in this run and later ones
    bytes_left: float | None
    seconds_until_disk_full: float | None
    is_disk_low: bool
    success_rate: float | None
    retry_rate: float | None
    average_attempts: float | None
    videos: VideoCounts
    checkpoints: Checkpoints
    problems: ProblemCounts
    categories: Mapping[str, CategoryMetrics]
    total: CategoryMetrics


def metrics_of(state: RunState, now: float) -> Metrics:
    """Return the numbers of a state at a time in seconds since the epoch."""
    sources = listed(state)
    done, left = sum(source.clips_made for source in _planned(state)), eta.clips_left(state)
    seconds_left = eta.seconds_left(state, now)
    categories = _categories(state, sources, now)
    return Metrics(
        has_plan=eta.has_plan(state),
        clips_wanted=done + left,
        clips_done=done,
        source_clips_wanted=sum(source.clips_wanted for source in sources),
        source_clips_done=sum(source.clips_made for source in sources),
        clips_left=left,
        clips_to_do=eta.clips_to_do(state),
        share_done=done / (done + left) if done + left else None,
        elapsed_seconds=state.elapsed_seconds(now),
        clips_per_second=eta.clips_per_second(state, now),
        patches_per_minute=eta.patches_per_minute(state, now),
        seconds_left=seconds_left,
        seconds_to_completion=eta.seconds_to_completion(state, now),
        bytes_left=eta.bytes_left(state),
        seconds_until_disk_full=eta.seconds_until_disk_full(state, now),
        is_disk_low=state.disk is not None and state.disk.free_bytes <= state.disk.pauses_below_bytes,
        success_rate=state.success_rate,
        retry_rate=state.retry_rate,
        average_attempts=state.average_attempts,
        videos=_video_counts(sources),
        checkpoints=_checkpoints(sources),
        problems=_problem_counts(state),
        categories=categories,
        total=_total(categories.values(), seconds_left),
    )


# ------------------------------------------------------------------ sources


def listed(state: RunState) -> list[SourceState]:
    """Return the sources of the configuration; the ledger may have more, from earlier configurations."""
    return [source for source in _planned(state) if not source.is_dataset]


def _planned(state: RunState) -> list[SourceState]:
    """Return the sources with work in this configuration: its sources, and the dataset as a whole."""
    return [source for source in state.sources.values() if source.is_planned or source.is_missing]


def idle_sources(state: RunState) -> list[SourceState]:
    """Return the sources that give no patches now, and whose reason is known."""
    return [source for source in listed(state) if source.reason]


def sources_by_success(state: RunState) -> list[SourceState]:
    """Return the sources to show: those with a problem first, then by ascending success rate."""
    seen = [s for s in state.sources.values() if s.is_planned or s.is_missing or s.ended]
    seen = [source for source in seen if not source.is_dataset]

    def rank(source: SourceState) -> tuple[bool, float, str]:
        rate = source.success_rate
        return (not source.reason or source.is_skipped, rate if rate is not None else 2.0, source.name)

    return sorted(seen, key=rank)


def in_work_order(sources: Iterable[SourceState]) -> list[SourceState]:
    """Return the sources at work, the queue in its order, those that give nothing, and the rest."""

    def rank(source: SourceState) -> tuple[int, int, int, str]:
        phase = _WORK_ORDER.index(source.phase) if source.phase in _WORK_ORDER else len(_WORK_ORDER)
        return phase, source.priority, source.place, source.name

    return sorted(sources, key=rank)


def next_sources(state: RunState) -> list[str]:
    """Return the ids of the sources that workers begin next, in this order."""
    queued = [source for source in listed(state) if source.phase == "queued"]
    return [source.id for source in in_work_order(queued)[:NEXT_SHOWN]]


def images_to_come(source: SourceState) -> dict[str, int]:
    """Return category -> patches that a source has not given yet; it gives none if it is skipped."""
    left = {name: quota - source.images.get(name, 0) for name, quota in source.quotas.items()}
    return {name: number for name, number in sorted(left.items()) if number > 0}


def seconds_a_clip(source: SourceState, work_seconds: float | None) -> float | None:
    """Return a worker's seconds per ended clip of a source; `work_seconds` is the sum of its clips."""
    return work_seconds / source.ended if work_seconds is not None and source.ended else None


def _video_counts(sources: Iterable[SourceState]) -> VideoCounts:
    phases = Counter(source.phase for source in sources)
    total, done = phases.total(), phases["done"]
    out = sum(phases[phase] for phase in OUT_PHASES)
    return VideoCounts(total, done, total - done - out, out)


def _checkpoints(sources: Iterable[SourceState]) -> Checkpoints:
    phases = Counter(source.phase for source in sources)
    others = {
        phase: phases[phase]
        for phase in ("failed", "quarantined", "unreachable", "unusable", "missing", "skipped")
        if phases[phase]
    }
    return Checkpoints(phases.total(), phases["done"], phases["working"], others)


# ------------------------------------------------------------------ categories


def _categories(state: RunState, sources: Iterable[SourceState], now: float) -> dict[str, CategoryMetrics]:
    to_do, counted = eta.images_to_do(state), image_categories(state)
    videos, videos_done = Counter[str](), Counter[str]()
    for source in sources:
        fed = [name for name, quota in source.quotas.items() if quota]
        videos.update(fed)
        if source.phase == "done":
            videos_done.update(fed)
    return {
        name: _category(
            category,
            (videos[name], videos_done[name]),
            to_do[name],
            eta.category_seconds_left(state, category, to_do, now),
            is_of_images=name in counted,
        )
        for name, category in state.categories.items()
    }


def _category(
    category: CategoryState,
    videos: tuple[int, int],
    images_to_do: int,
    seconds_left: float | None,
    *,
    is_of_images: bool,
) -> CategoryMetrics:
    return CategoryMetrics(
        name=category.name,
        videos=videos[0],
        videos_done=videos[1],
        images=category.images,
        target=category.target,
        planned=category.planned,
        wanted=category.wanted,
        share_done=category.share_done,
        missing=category.missing,
        shortfall=category.shortfall,
        size_bytes=category.size_bytes,
        mean_patch_bytes=category.mean_patch_bytes,
        images_to_do=images_to_do,
        seconds_left=seconds_left,
        is_of_images=is_of_images,
    )


def dataset_categories(state: RunState) -> frozenset[str]:
    """Return the categories of the stages over the whole dataset. Their patches do not count as images."""
    whole = [source for source in state.sources.values() if source.is_dataset]
    return frozenset(name for source in whole for name in (*source.images, *source.quotas))


def image_categories(state: RunState) -> frozenset[str]:
    """Return the categories whose patches are images of the dataset: those that the job names, or all.

    The categories of the stages over the whole dataset are not among them.
    """
    known = frozenset(state.categories) - dataset_categories(state)
    return frozenset(filter(state.nouns.is_image, known))


def images_of(state: RunState, source: SourceState) -> int:
    """Return the images that a source gave."""
    return sum(number for name, number in source.images.items() if state.nouns.is_image(name))


def _total(categories: Iterable[CategoryMetrics], seconds_left: float | None) -> CategoryMetrics:
    """Add up the categories of images, and the bytes of all categories.

    The numbers of sources are not added: a source may have several categories.
    """
    everything = list(categories)
    size_bytes = sum(part.size_bytes for part in everything)
    parts = [part for part in everything if part.is_of_images]
    images, image_bytes = sum(part.images for part in parts), sum(part.size_bytes for part in parts)
    wanted, missing = sum(part.wanted for part in parts), sum(part.missing for part in parts)
    targets = [part.target for part in parts if part.target is not None]
    return CategoryMetrics(
        name="total",
        videos=0,
        videos_done=0,
        images=images,
        target=sum(targets) if targets else None,
        planned=sum(part.planned for part in parts),
        wanted=wanted,
        share_done=max(0, wanted - missing) / wanted if wanted else None,
        missing=missing,
        shortfall=sum(part.shortfall for part in parts),
        size_bytes=size_bytes,
        mean_patch_bytes=image_bytes / images if images else None,
        images_to_do=sum(part.images_to_do for part in parts),
        seconds_left=seconds_left,
    )


def worker_seconds(state: RunState, slot: SlotState, now: float) -> float:
    """Return for how long a worker has been at what it does, without pauses and waits."""
    until = now if state.rested_since is None else state.rested_since
    return max(0.0, until - slot.since)


def patches_a_minute_of_work(patches: int, work_seconds: float) -> float | None:
    """Return the mean rate over all runs; None if nothing was made or no time was measured."""
    return patches / work_seconds * 60 if patches and work_seconds else None


# ------------------------------------------------------------------ the run as a whole


def _problem_counts(state: RunState) -> ProblemCounts:
    levels = Counter(state.problems_dropped) + Counter(problem.level for problem in state.problems)
    return ProblemCounts(levels["error"], levels.total() - levels["error"])


def standing(state: RunState, *, is_at_work: bool) -> Standing:
    """Return the standing of a run; `is_at_work` is whether an engine runs."""
    if is_at_work:
        return "at work"
    if state.phase == "finished":
        return "with gaps" if state.exit_code else "complete"
    if state.phase in {"stopped", "failed"}:
        return "stopped" if state.phase == "stopped" else "failed"
    return "died"


def falls_short(state: RunState, only: frozenset[str] | None) -> bool:
    """Return True if a run that ended by itself left wanted clips unmade.

    `only` are the sources that the run was limited to, None for all. For a limited run, targets do not count.
    """
    wanted = [source for source in _planned(state) if only is None or source.id in only]
    is_short = only is None and any(category.shortfall for category in state.categories.values())
    return is_short or any((s.reason or s.clips_left) and not s.is_skipped for s in wanted)
