"""The entries of `schedule`: their texts, and their faults with line and key, in every job's file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tui_gen.config.faults import ConfigurationError
from tui_gen.config.run_config import ScheduleEntry
from tui_gen.config.schedule_keys import MOST_WORKERS, days_of
from tui_gen.contract.registry import read_config
from tui_gen.engine.scheduling.commands import MAX_WORKERS

OFFICE = {"days": "mon-fri", "from": "08:00", "to": "18:00", "workers": 2}
FILES: dict[str, dict[str, Any]] = {
    "superres": {"base_settings": {"output_base_dir": "out"}},
    "videomnist": {"job": "videomnist", "output_dir": "out", "digits": "drawn"},
    "anime": {"job": "anime", "output_dir": "out", "sources": []},
}


def written(folder: Path, job: str, *entries: object) -> Path:
    path = folder / "c.json"
    path.write_text(json.dumps({**FILES[job], "schedule": list(entries)}, indent=1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("sat,sun", {5, 6}),
        ("fri-mon", {4, 5, 6, 0}),
        ("Mon, wed - thu", {0, 2, 3}),
        ("mon-sun", set(range(7))),
        ("tue-tue", {1}),
    ],
)
def test_days_are_names_and_ranges(text: str, days: set[int]) -> None:
    assert days_of(text) == days


@pytest.mark.parametrize("text", ["", "monday", "mon-", "1-5", "mon;tue", "mon--fri"])
def test_other_texts_are_no_days(text: str) -> None:
    with pytest.raises(ValueError, match=r"tuple\.index"):
        days_of(text)


@pytest.mark.parametrize("job", ["superres", "videomnist"])
def test_a_run_gets_the_schedule_and_the_recipe_does_not(tmp_path: Path, job: str) -> None:
    night = {"from": "22:00", "to": "06:00", "workers": 0}
    config = read_config(written(tmp_path, job, OFFICE, night))
    assert config.run.schedule == (
        ScheduleEntry(frozenset(range(5)), 480, 1080, 2),
        ScheduleEntry(frozenset(range(7)), 1320, 360, 0),
    )
    if job == "videomnist":
        assert "schedule" not in config.open({}).job.recipe


@pytest.mark.parametrize("job", ["superres", "videomnist", "anime"])
@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        ({"from": "8:00"}, "schedule[1].from", 'got "8:00"; write a time of day like "08:00"'),
        ({"from": "24:00"}, "schedule[1].from", 'got "24:00"; write a time of day'),
        ({"to": "18:60"}, "schedule[1].to", 'got "18:60"; write a time of day like "18:00"'),
        ({"to": "08:00"}, "schedule[1].to", 'got "08:00"; write a time of day like "18:00", other than'),
        ({"days": "weekdays"}, "schedule[1].days", 'got "weekdays"; write days like "mon-fri"'),
        ({"workers": -1}, "schedule[1].workers", "got -1; write a whole number from 0 to 256"),
        ({"wrokers": 2}, "schedule[1].wrokers", 'is not a known key; did you mean "workers"?'),
    ],
)
def test_a_fault_is_told_with_its_line_and_key(
    tmp_path: Path, job: str, change: dict[str, object], place: str, words: str
) -> None:
    path = written(tmp_path, job, OFFICE, {**OFFICE, **change})
    with pytest.raises(ConfigurationError) as refused:
        read_config(path)
    problem = next(each for each in refused.value.problems if each.key == place)
    assert f"{problem.wrong}; {problem.remedy}".startswith(words)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert problem.line is not None
    assert f'"{place.rpartition(".")[2]}"' in lines[problem.line - 1]


def test_a_missing_key_is_named_as_in_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"schedule\[0\]\.from: is missing; write a time of day"):
        read_config(written(tmp_path, "superres", {"to": "18:00", "workers": 1}))


def test_as_many_workers_may_be_scheduled_as_may_be_asked_for() -> None:
    assert MOST_WORKERS == MAX_WORKERS
