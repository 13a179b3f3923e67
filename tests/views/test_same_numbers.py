"""Screen, monitor, status file, `run`, `ctl`, report and hooks show the same numbers, those of `metrics`."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from textual.geometry import Size

from tests.views.states import CLIPS, NAMES, NOW, state_of
from tui_gen.base.formatting import count, duration, per_minute, percent, size
from tui_gen.base.nouns import Noun, Nouns
from tui_gen.commands import monitor
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.metrics import Metrics, metrics_of
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES
from tui_gen.engine.run.hooks import EventDetector
from tui_gen.engine.storage.history import history_of
from tui_gen.engine.storage.status import status_of, write_status
from tui_gen.engine.storage.status_reader import read_status
from tui_gen.tui.panes.categories import CategoriesPane, checkpoints_line
from tui_gen.tui.panes.disk import DiskPane
from tui_gen.tui.panes.summary import OverallPane
from tui_gen.tui.panes.system import SystemPane
from tui_gen.tui.view import EngineInfo, ScreenView, condition_of
from tui_gen.tui.widgets.scroll_list import Page
from tui_gen.tui.widgets.styled_lines import Line
from tui_gen.views.html.report import report_page
from tui_gen.views.text.final_lines import final_lines
from tui_gen.views.text.run_lines import progress_line
from tui_gen.views.text.tables import LineWidth

Shown = dict[str, Any]
"""What a view says, by the name of the number."""


def expected(metrics: Metrics) -> Shown:
    """Return all that any view may say."""
    return {
        "share": percent(metrics.share_done),
        "videos": f"{metrics.videos.done} of {metrics.videos.total}",
        "to go": str(metrics.videos.left),
        "out": str(metrics.videos.out),
        "clips": f"{count(metrics.source_clips_done)} of {count(metrics.source_clips_wanted)}",
        "left": duration(metrics.seconds_left),
        "rate": per_minute(metrics.patches_per_minute),
        "elapsed": duration(metrics.elapsed_seconds),
        "images": count(metrics.total.images),
        "disk": size(metrics.total.size_bytes),
        "to come": size(metrics.bytes_left) if metrics.bytes_left is not None else None,
        "errors": metrics.problems.errors,
        "warnings": metrics.problems.warnings,
        "success": percent(metrics.success_rate),
        "retried": percent(metrics.retry_rate),
        "checkpoints": metrics.checkpoints.total,
        "completed": metrics.checkpoints.completed,
        "in progress": metrics.checkpoints.in_progress,
        **{
            f"{name} {what}": value
            for name, category in [*metrics.categories.items(), ("total", metrics.total)]
            for what, value in (
                ("images", count(category.images)),
                ("wanted", count(category.wanted)),
                ("share", percent(category.share_done)),
                ("whole share", percent(category.share_done, 0)),
                ("disk", size(category.size_bytes)),
                ("videos", f"{category.videos_done}/{category.videos}"),
            )
        },
    }


def found(text: str, **patterns: str) -> Shown:
    """Return what patterns with one group each find; what is not there is not shown."""
    matches = {name.replace("_", " "): re.search(pattern, text) for name, pattern in patterns.items()}
    return {name: match[1] for name, match in matches.items() if match}


def numbers(shown: Shown, *names: str) -> Shown:
    """Return it with some of it as whole numbers; what is not said is none."""
    return shown | {name: int(shown.get(name, 0)) for name in names}


# ------------------------------------------------------------------ what each view says


def text_of(lines: list[Line]) -> str:
    return "\n".join("".join(span.text for span in line) for line in lines)


def text_of_page(page: Page) -> str:
    return text_of([*page.head, *(page.row(index) for index in range(len(page.keys)))])


def screen(state: RunState) -> Shown:
    view = ScreenView(state, NOW, condition_of(state, EngineInfo()), is_read_only=True)
    head = text_of(OverallPane().summary(view, 200))
    shown = found(
        head,
        share=r"([\d.]+ %) of clips",
        videos=r"(\d+ of \d+) videos",
        to_go=r", (\d+) to go",
        out=r", (\d+) out",
        clips=r"([\d,]+ of [\d,]+) clips made",
        left=r"   (\w+(?: \w+)?) (?:left, done|of work left)",
        rate=r"([\d,.]+) patches/min",
        elapsed=r"(\w+(?: \w+)?) so far",
        errors=r"! (\d+) errors?",
        warnings=r"[!,] (\d+) warnings?",
    )
    shown |= found(head.splitlines()[2], share=r"([\d.]+ %|-) of clips *$")
    disk = text_of(DiskPane().summary(view, 200))
    shown |= found(disk, to_come=r"([\d.]+ \w?B) to come")
    system = text_of_page(SystemPane().page(view, Size(100, 20)))
    shown |= found(system, success=r"good +([\d.]+ %|-)", retried=r"retried +([\d.]+ %|-)")
    shown |= found(
        text_of([checkpoints_line(view, 100)]),
        checkpoints=r"checkpoints (\d+)",
        completed=r"(\d+) completed",
        in_progress=r"(\d+) in progress",
    )
    pane = text_of_page(CategoriesPane().page(view, Size(120, 20)))
    for name in (*state.categories, "total"):
        row = next(line for line in pane.splitlines() if line.strip().startswith(name.upper()))
        shown |= found(row, images=r"([\d,]+) / ", wanted=r" / ([\d,]+)", disk=r"%\s+([\d.]+ \w?B)") and {
            f"{name} {what}": value
            for what, value in found(
                row,
                videos=r"(\d+/\d+)",
                images=r"([\d,]+) / ",
                wanted=r" / ([\d,]+)",
                whole_share=r"(\d+ %)",
                disk=r"%\s+([\d.]+ \w?B)",
            ).items()
        }
    return numbers(shown, "errors", "warnings", "checkpoints", "completed", "in progress")


def run_line(state: RunState) -> Shown:
    return slash(
        found(
            progress_line(state, NOW),
            share=r"([\d.]+ %)",
            videos=r"(\d+/\d+) videos",
            images=r"([\d,]+) images",
            rate=r"([\d,.]+|-)/min",
            left=r"/min +(.+?) left",
        )
    )


def slash(shown: Shown) -> Shown:
    return shown | ({"videos": shown["videos"].replace("/", " of ")} if "videos" in shown else {})


def final(state: RunState) -> Shown:
    return found(
        "\n".join(final_lines(state, NOW, LineWidth(80, is_cut=False))),
        share=r"Done: +([\d.]+ %|-)",
        videos=r"processed: +(\d+ of \d+)",
        images=r"images created: +([\d,]+)",
        disk=r"disk usage: +(.+)",
        elapsed=r"Total time: +(.+)",
        success=r"Success rate: +(.+)",
        retried=r"Retry rate: +(.+)",
    )


def report(state: RunState) -> Shown:
    page = report_page(state, history_of([]), now=NOW, is_at_work=state.phase not in ENDED_PHASES)
    tiles = {name: value for value, name in re.findall(r"<b>([^<]*)</b><span>([^<]*)</span>", page)}
    return {
        "share": tiles["done"],
        "videos": tiles["videos done"],
        "images": tiles["images"],
        "disk": tiles["on disk"],
        "elapsed": tiles["time at work"],
        "success": tiles["success rate"],
        "retried": tiles["retry rate"],
    }


def status_file(state: RunState) -> Shown:
    status = json.loads(json.dumps(status_of(state, NOW)))
    progress = status["progress"]
    checkpoints = status["video_checkpoints"].values()
    shown = {
        "share": percent(progress["share_done"]),
        "videos": f"{progress['completed_videos']} of {progress['total_videos']}",
        "rate": per_minute(progress["patches_per_minute"]),
        "elapsed": duration(status["elapsed_seconds"]),
        "success": percent(progress["success_rate"]),
        "retried": percent(progress["retry_rate"]),
        "errors": status["problem_counts"]["error"],
        "warnings": status["problem_counts"]["warning"],
        "checkpoints": len(checkpoints),
        "completed": sum(each["status"] == "completed" for each in checkpoints),
        "in progress": sum(each["status"] == "in_progress" for each in checkpoints),
    }
    if status["eta"] is not None:
        shown["left"] = duration(status["eta"])
    if status["disk"] is not None and status["disk"]["needed_bytes"] is not None:
        shown["to come"] = size(status["disk"]["needed_bytes"])
    for name, entry in status["category_stats"].items():
        shown[f"{name} images"] = count(entry["images_created"])
        shown[f"{name} disk"] = size(entry["disk_usage_bytes"])
        shown[f"{name} videos"] = f"{entry['videos_processed']}/{entry['videos_total']}"
    return shown


def monitor_once(state: RunState, folder: Path) -> Shown:
    path, out = folder / "status.json", io.StringIO()
    asyncio.run(write_status(path, status_of(state, NOW)))
    with mock.patch.object(monitor, "SIGN_SECONDS", 0.01):  # the heartbeat of the state is old
        monitor.watch(path, out, is_once=True, is_json=False)
    text = out.getvalue()
    shown = slash(
        found(
            text,
            share=r"([\d.]+ %) of clips  ",
            videos=r"(\d+/\d+) videos",
            images=r"  ([\d,]+) images",
            rate=r"([\d,.]+|-)/min",
            left=r"/min +(.+?) left",
            elapsed=r"elapsed (.+?),",
            errors=r"(\d+) error",
            warnings=r"(\d+) warning",
            checkpoints=r"Checkpoints (\d+)",
            completed=r"(\d+) completed",
            in_progress=r"(\d+) in progress",
        )
    )
    for name in (*state.categories, "total"):
        row = next(line for line in text.splitlines() if line.startswith(name.upper()))
        parts = re.split(r"  +", row)
        shown |= {f"{name} images": parts[-4], f"{name} wanted": parts[-3], f"{name} disk": parts[-1]}
        shown |= {f"{name} share": parts[-2]}
        if parts[-3] == "-":  # before the plan nothing is wanted
            del shown[f"{name} wanted"]
        shown |= {} if name == "total" else {f"{name} videos": parts[-5]}
    return numbers(shown, "errors", "warnings", "checkpoints", "completed", "in progress")


def monitor_screen(state: RunState, folder: Path) -> Shown:
    path = folder / "seen.json"
    asyncio.run(write_status(path, status_of(state, NOW)))
    return screen(read_status(path, NOW).state)


def hook(state: RunState) -> Shown:
    for event in EventDetector().look(state, NOW):
        if event.event == "on_finish":
            shown: Shown = {f"{name} images": count(n) for name, n in event.said["images"].items()}
            return shown | {"elapsed": duration(event.said["elapsed_seconds"])}
    return {}


VIEWS: dict[str, Callable[[RunState, Path], Shown]] = {
    "screen": lambda state, _: screen(state),
    "run": lambda state, _: run_line(state),
    "final lines": lambda state, _: final(state),
    "report": lambda state, _: report(state),
    "status file": lambda state, _: status_file(state),
    "monitor --once": monitor_once,
    "monitor's screen": monitor_screen,
    "hook": lambda state, _: hook(state),
}


# ------------------------------------------------------------------ the tests


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", NAMES)
def test_a_view_shows_the_numbers_of_the_metrics(name: str, view: str, tmp_path: Path) -> None:
    state = state_of(name)
    shown = VIEWS[view](state, tmp_path)
    wanted = expected(metrics_of(state, NOW))
    assert shown == {key: wanted[key] for key in shown}
    least = 1 if name == "before the plan" else 4
    assert len(shown) >= (0 if view == "hook" else least)


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "hook"])
def test_work_that_a_quarantined_video_keeps_is_not_done(view: str, tmp_path: Path) -> None:
    state = state_of("finished with gaps")
    assert VIEWS[view](state, tmp_path)["share"] == percent(3 / 4)


def test_a_stage_over_the_dataset_is_work_and_no_video() -> None:
    before = metrics_of(state_of("normal"), NOW)
    after = metrics_of(state_of("a stage over the dataset"), NOW)
    assert (after.videos, after.checkpoints) == (before.videos, before.checkpoints)
    assert (after.clips_done, after.clips_left) == (before.clips_done + 1, before.clips_left + 4)


def test_a_category_that_a_quarantined_video_keeps_short_is_not_full() -> None:
    state = state_of("finished with gaps")
    view = ScreenView(state, NOW, condition_of(state, EngineInfo()))
    general, space = text_of_page(CategoriesPane().page(view, Size(120, 20))).splitlines()[1:]
    assert general.rstrip().endswith("misses 5")
    assert space.rstrip().endswith("full")
    assert metrics_of(state, NOW).categories["general"].missing == CLIPS + 5


def test_a_screen_of_stages_begins_with_the_latest_and_counts_clips_a_minute() -> None:
    state = state_of("a stage over the dataset")
    nouns = Nouns(clip=Noun("step", "steps"), image_categories=("space",))
    state.apply(ev.JobDescribed(NOW, nouns))
    view = ScreenView(state, NOW, condition_of(state, EngineInfo()))
    heading, *rows = text_of_page(CategoriesPane().page(view, Size(120, 20))).splitlines()
    assert heading.split()[:3] == ["category", "videos", "made"]
    assert [row.split()[0].lower() for row in rows] == list(reversed(state.categories))
    assert "/ " in rows[0]
    assert "0/0" not in rows[0], "a stage over the dataset has no videos"
    head = text_of(OverallPane().summary(view, 200))
    assert " steps/min" in head
    disk = text_of_page(DiskPane().page(view, Size(60, 30)))
    assert [name for name in state.categories if name.upper() in disk] == [
        name for name, category in state.categories.items() if category.size_bytes
    ]
