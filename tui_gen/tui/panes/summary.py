"""The head of the screen: state, verdict, progress, time left, problems, and whether the disk suffices."""

from __future__ import annotations

from collections.abc import Callable

from textual.geometry import Size

from tui_gen.base.formatting import count, display_name, duration, moment, per_minute, percent, size
from tui_gen.engine.model.machine_metrics import may_work
from tui_gen.engine.model.run_verdict import Level, RunVerdict
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.pane import Page, Pane, page_of
from tui_gen.tui.view import ScreenView
from tui_gen.tui.widgets.styled_lines import (
    Line,
    Role,
    StyledText,
    bar,
    fit_line,
    fit_right,
    foreign,
    joined,
    line,
    muted,
    spread,
    strong,
    width_of,
)
from tui_gen.views.text.schedule_line import schedule_words

_NARROW = 60
_PERCENT_CELLS = 9
_LEAST_NAME, _LEAST_OF_NAME = 12, 4  # the second where the fact is in its fewest words already
_LEVEL_ROLES: dict[Level, Role] = {"good": "good", "note": "accent", "warning": "warn", "error": "bad"}


class OverallPane(Pane, can_focus=False):
    """Five lines with the facts that a glance is for; six lines if the screen is narrow."""

    room = PaneName.OVERALL

    def __init__(self) -> None:
        """Make an empty head; the keys are those without a keymap."""
        super().__init__()
        self.key_of: Callable[[str], str | None] = lambda _action: None

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return the lines as rows, so that they can be counted."""
        return page_of(self.summary(view, size.width))

    def summary(self, view: ScreenView, width: int) -> list[Line]:
        """Return the head."""
        if width < _NARROW:
            last = [[problem_words(view), workers] for workers in _workers_variants(view)]
            return [
                state_line(view, width),
                margin(self.verdict_words(view, width - 2)),
                progress_line(view, width),
                margin(joined([left_words(view), sources_words(view)[:2]], width - 1)),
                margin(disk_words(view)),
                margin(_first_fitting(last, width - 2)),
            ]
        return [
            state_line(view, width),
            margin(self.verdict_words(view, width - 2)),
            progress_line(view, width),
            margin(_first_fitting(_progress_words(view), width - 2)),
            margin(_health_line(view, width - 1)),
        ]

    def verdict_words(self, view: ScreenView, width: int) -> Line:
        """Return the verdict with its key; in fewer words if the screen is narrow."""
        if view.condition.is_awaited:
            return ()
        verdict = view.verdict
        key = self.key_of(verdict.action) if verdict.action else None
        for fact, least in ((verdict.fact, _LEAST_NAME), (verdict.short or verdict.fact, _LEAST_OF_NAME)):
            for has_cost in (True, False):
                words = _verdict_words(verdict, fact, key=key, has_cost=has_cost, view=view)
                if width_of(words) <= width:
                    return words
                name = display_name(verdict.subject)
                room = width_of(line(name)) - (width_of(words) - width)
                if room >= least:
                    first, *rest = words
                    cut = foreign(name, room).rstrip()
                    return (StyledText(first.text.replace(name, cut, 1), first.role), *rest)
        return fit_line(words, width)


def _verdict_words(
    verdict: RunVerdict, fact: str, *, key: str | None, has_cost: bool, view: ScreenView
) -> Line:
    mark = "! " if verdict.level in {"warning", "error"} else ""
    subject = f"{display_name(verdict.subject)}: " if verdict.subject else ""
    said = StyledText(f"{mark}{subject}{display_name(fact)}", _LEVEL_ROLES[verdict.level])
    advice = verdict.advice_with(key)
    if not advice or (verdict.is_steering and view.is_read_only):
        return (said,)
    cost = f", {verdict.cost}" if has_cost and verdict.cost else ""
    return (said, muted(f". {display_name(advice)}{cost}"))


def _progress_words(view: ScreenView) -> list[list[Line]]:
    """Return progress and time left in shorter and shorter variants; the time left is in all of them."""
    sources, elapsed, left = sources_words(view), elapsed_words(view), left_words(view)
    short = sources[:2]
    return [[sources, elapsed, left], [short, elapsed, left], [short, left]]


def _health_line(view: ScreenView, width: int) -> Line:
    """Return workers, rate and disk; problems are at the right and always shown."""
    problems = (*problem_words(view), StyledText(" "))
    room = width - width_of(problems) - 2
    workers, rate = workers_words(view), rate_words(view)
    long, short = disk_words(view), outlook_words(view, "disk ")
    if view.condition.is_ended:  # nothing works, so only the disk has a standing
        return spread(_first_fitting([[long], [short]], room), problems, width)
    brief = [[words, short] for words in _workers_variants(view)]
    variants = [[workers, rate, long], [workers, rate, short], *brief, [short]]
    return spread(_first_fitting(variants, room), problems, width)


def _first_fitting(variants: list[list[Line]], width: int) -> Line:
    """Return the first variant that fits completely, or what fits of the last."""
    for parts in variants:
        if width_of(joined(parts, 10 * width)) <= width:
            return joined(parts, width)
    return joined(variants[-1], width)


def margin(written: Line) -> Line:
    """Return a line with a margin at the left."""
    return (StyledText(" "), *written)


def state_line(view: ScreenView, width: int) -> Line:
    """Return `RUNNING`, or another state with its reason, and at the right the output folder."""
    condition = view.condition
    left = line(StyledText(f" {condition.word}", condition.role))
    reason = display_name(condition.reason)
    if reason:
        left = (*left, StyledText(f"  {reason}"))
    stage = stage_words(view)
    role = "watching" if view.is_read_only else stage
    room = width - width_of(left) - 4
    place = display_name(view.state.output)
    words = f"{role}  {place}" if role else place
    shown = words if len(words) <= room else place
    least = 12
    if room < least:
        return left
    return spread(left, line(muted(f"{foreign(shown, room).rstrip()} ")), width)


def stage_words(view: ScreenView) -> str:
    """Return the stage's name."""
    return display_name(view.state.stage)


def progress_line(view: ScreenView, width: int) -> Line:
    """Return the bar and the percentage, with what it is a share of."""
    share = view.metrics.share_done
    words = f" of {view.state.nouns.clip.many}"
    cells = width - 2 - _PERCENT_CELLS - len(words)
    number = strong(fit_right(percent(share), _PERCENT_CELLS))
    return (StyledText(" "), *bar(share, cells), number, muted(words))


def sources_words(view: ScreenView) -> Line:
    """Return `42 of 116 videos, 4 left out`, with the noun of the job."""
    counts, noun = view.metrics.videos, view.state.nouns.source
    if not counts.total:
        return line(muted(f"no {noun.many} known yet"))
    if not view.metrics.has_plan:
        return line(strong(str(counts.total)), f" {noun.of(counts.total)}", muted(", no plan yet"))
    words = line(strong(str(counts.done)), f" of {counts.total} {noun.many}")
    left = f", {counts.left} to go"
    out = f", {counts.out} out" if counts.out else ""
    return (*words, muted(left + out))


def elapsed_words(view: ScreenView) -> Line:
    """Return `1d 08h so far`, without pauses."""
    return line(f"{duration(view.metrics.elapsed_seconds)}", muted(" so far"))


def left_words(view: ScreenView) -> Line:
    """Return `2d 14h left, Tue 25 Nov 04:50`; without the date while the run does not work."""
    if view.condition.is_ended:
        done, wanted = count(view.metrics.source_clips_done), count(view.metrics.source_clips_wanted)
        return line(f"{done} of {wanted} {view.state.nouns.clip.many} made")
    seconds = view.metrics.seconds_left
    if seconds is None:
        return line(muted("time left not known yet"))
    if not view.is_working:
        return line(strong(duration(seconds)), " of work left")
    return line(strong(duration(seconds)), " left, done ", strong(moment(view.now + seconds, view.now)))


def workers_words(view: ScreenView) -> Line:
    """Return `8 workers`, or `target 6, running 8, draining 2` while the two differ.

    `12 of 99 workers: memory for no more`: why there are fewer workers than requested.
    `schedule: 2 workers until 18:00`: the schedule of the configuration.
    """
    state = view.state
    if view.engine.replay:
        return line(muted("workers not recorded"))
    target = view.workers_asked if view.workers_asked is not None else state.workers_target
    running = len(state.slots)
    draining = sum(slot.is_draining for slot in state.slots.values())
    if view.condition.is_ended or view.condition.is_dead:
        return line(muted("no workers"))
    held = state.workers_held
    if held is not None and held.reason and not draining and running >= held.allowed < target:
        return line(f"{running} of {target} workers: {held.reason}")
    planned = schedule_words(state, view.now)
    if planned and view.workers_asked is None and not draining and (running == target or state.is_paused):
        return line(planned)
    if running == target and not draining:
        able = sum(map(may_work, view.machines))
        where = f" on {able} machine{'' if able == 1 else 's'}" if view.machines else ""
        return line(f"{target} worker{'' if target == 1 else 's'}{where}")
    words = f"workers target {target}, running {running}"
    return line(words + (f", draining {draining}" if draining else ""))


def _workers_variants(view: ScreenView) -> list[Line]:
    """Return `workers_words`, then shorter forms: without the reason, and the number alone."""
    state, words = view.state, workers_words(view)
    text = "".join(span.text for span in words)
    if view.condition.is_ended or view.condition.is_dead or view.engine.replay:
        return [words]
    brief = text.removeprefix("schedule: ").partition(": ")[0]
    number = state.workers_allowed
    counted = "paused" if state.is_paused else f"{number} worker{'' if number == 1 else 's'}"
    return [words, line(brief), line(counted)]


def rate_words(view: ScreenView) -> Line:
    """Return `412 patches/min`."""
    rate = view.metrics.patches_per_minute
    if view.condition.is_ended or view.condition.is_dead:
        return line(muted("no rate after the end"))
    if rate is None or not view.is_working:
        return line(muted("no rate yet" if view.is_working else "no work at the moment"))
    nouns = view.state.nouns
    return line(per_minute(rate), muted(f" {nouns.of_rate(nouns.patch).many}/min"))


def disk_words(view: ScreenView) -> Line:
    """Return whether the disk suffices, and its free space."""
    disk = view.state.disk
    free = f", {size(disk.free_bytes)} free" if disk is not None else ""
    return (*outlook_words(view, "disk "), StyledText(free))


def not_measured(view: ScreenView) -> str:
    """Return `not measured yet`; after the end, nothing will be measured any more."""
    if view.engine.replay:
        return "not recorded"
    return "not measured" if view.condition.is_ended or view.condition.is_dead else "not measured yet"


def outlook_words(view: ScreenView, before: str = "") -> Line:
    """Return `will hold`, or when the disk will be full."""
    disk = view.state.disk
    if disk is None:
        return line(muted(f"{before}{not_measured(view)}"))
    if view.metrics.is_disk_low:
        return line(StyledText(f"{before}low", "bad"))
    if view.metrics.bytes_left is None:
        return line(muted(f"{before}outlook not known yet"))
    full = view.metrics.seconds_until_disk_full
    if full is None:
        return line(StyledText(f"{before}will hold", "good"))
    when = moment(view.now + full, view.now) if view.is_working else f"in {duration(full)} of work"
    return line(StyledText(f"{before}full {when}", "warn"))


def problem_words(view: ScreenView) -> Line:
    """Return `nothing wrong`, or the number of errors and warnings."""
    if view.condition.is_dead:
        return line(StyledText("! engine gone", "bad"))
    errors, warnings = view.metrics.problems.errors, view.metrics.problems.warnings
    words: list[StyledText] = []
    if errors:
        words.append(StyledText(f"! {errors} error{'' if errors == 1 else 's'}", "bad"))
    if warnings:
        mark = ", " if errors else "! "
        words.append(StyledText(f"{mark}{warnings} warning{'' if warnings == 1 else 's'}", "warn"))
    return tuple(words) or line(StyledText("nothing wrong", "good"))
