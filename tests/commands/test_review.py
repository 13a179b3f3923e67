"""The groups of a dataset as a table and as JSON, and when the screen does not open."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.commands.engines import lock_held
from tests.tui.groups.toy import NOISE, ToyReviewer
from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.nouns import Noun, Nouns
from tui_gen.commands.review import list_groups, review
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.capabilities import Capabilities
from tui_gen.contract.groups import Group
from tui_gen.contract.opened_job import OpenedJob
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.storage.lock import is_held

NOUNS = Nouns(image=Noun("drawing", "drawings"))


@dataclass(frozen=True)
class Config:
    """A configuration of a job that offers groups."""

    run: RunConfig
    capabilities: Capabilities
    nouns: Nouns = NOUNS

    def recovered(self, records: Mapping[str, SourceRecord], at: float) -> tuple[ev.FactsLearned, ...]:
        raise AssertionError((records, at))

    def open(self, records: Mapping[str, SourceRecord], *, may_write_beside: bool = False) -> OpenedJob:
        raise AssertionError((records, may_write_beside))


HOSTILE = "[/b] \x1b[2J \udcff"


def reviewer() -> ToyReviewer:
    groups = {"Anna": ["a"] * 1200, "映画": ["b"], HOSTILE: ["c"], NOISE: ["n", "m"]}
    return ToyReviewer(
        groups,
        Anna=Group("", "", 0, 0.91, is_reference=True),
        映画=Group("", "", 0, is_pinned=True),
    )


def config_of(config: RunConfig, groups: ToyReviewer) -> Config:
    return Config(config, Capabilities(group_reviewer=groups))


def test_the_groups_are_a_table(config: RunConfig) -> None:
    out = io.StringIO()
    assert list_groups(config_of(config, reviewer()), is_json=False, out=out) == ExitCode.DONE
    assert out.getvalue().splitlines() == [
        "group        drawings  alike  state",
        "Anna            1,200   0.91  reference",
        "映画                1      -  by hand",
        "[/b] ␛[2J �         1      -",
        "-1_noise            2      -  noise",
    ]


def test_the_groups_are_json(config: RunConfig) -> None:
    out = io.StringIO()
    assert list_groups(config_of(config, reviewer()), is_json=True, out=out) == ExitCode.DONE
    assert out.getvalue().isascii()
    read: list[dict[str, Any]] = json.loads(out.getvalue())
    assert [group["name"] for group in read] == ["Anna", "映画", HOSTILE, NOISE]
    assert read[0] == {
        "id": "Anna",
        "name": "Anna",
        "size": 1200,
        "cohesion": 0.91,
        "medoids": ["Anna/a"] * 3,
        "is_noise": False,
        "is_reference": True,
        "is_pinned": False,
    }


def test_a_table_is_written_while_an_engine_is_at_work(config: RunConfig) -> None:
    with lock_held(config):
        assert list_groups(config_of(config, reviewer()), is_json=True, out=io.StringIO()) == ExitCode.DONE


def test_no_screen_opens_while_an_engine_is_at_work(config: RunConfig) -> None:
    talk = io.StringIO()
    with lock_held(config):
        code = review(config_of(config, reviewer()), is_ascii=False, talk=talk)
    assert code == ExitCode.LOCKED
    (line,) = talk.getvalue().splitlines()
    assert line.startswith(f"tui-gen: {config.output}: an engine is at work here")
    assert line.endswith(
        f"A paused engine still owns the files: stop it with: tui-gen ctl -c {config.path} stop"
    )


@pytest.mark.parametrize("error", [RefusedError("no groups yet"), OSError(5, "Input/output error", "/far")])
def test_groups_that_cannot_be_read_are_refused_with_the_reason(config: RunConfig, error: Exception) -> None:
    groups = reviewer()

    def fail() -> Any:  # noqa: ANN401
        raise error

    groups.groups = fail  # type: ignore[method-assign]
    told = r"no groups yet|/far: Input/output error"
    with pytest.raises(RefusedError, match=told):
        list_groups(config_of(config, groups), is_json=False, out=io.StringIO())
    with pytest.raises(RefusedError, match=told):
        review(config_of(config, groups), is_ascii=False, talk=io.StringIO())
    assert not is_held(config.run_folder / "lock")


def test_a_dataset_without_groups_is_refused(config: RunConfig, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="/data/series/classified: there are no groups yet"):
        review(config_of(config, ToyReviewer({})), is_ascii=False, talk=io.StringIO())
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "out", tmp_path / "out" / ".tui-gen"]
