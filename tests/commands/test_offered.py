"""A job that offers nothing but a run: every other command says so in one sentence, and changes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from tests.engine.toy import ToyJob, ToyStage
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.cli.main import main
from tui_gen.commands.check import cluster
from tui_gen.commands.run import opening
from tui_gen.config.run_config import RunConfig
from tui_gen.contract import registry
from tui_gen.contract.capabilities import Capabilities, JobCapabilities
from tui_gen.contract.job import JobConfig, JobModule
from tui_gen.contract.opened_job import OpenedJob
from tui_gen.contract.registry import GROUP
from tui_gen.contract.verify import Checked, MissingMeans, Recorded
from tui_gen.engine.executors.ground import ClusterJob
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import Job

CONFIG = "generator_config.json"


@dataclass(frozen=True)
class Opened:
    job: Job
    found: tuple[ev.Event, ...] = ()
    tools: tuple[str, ...] = ()
    cluster_job: ClusterJob | None = None

    def prepare(self, records: Mapping[str, SourceRecord]) -> None:
        pass

    def tidy(self, records: Mapping[str, SourceRecord]) -> None:
        pass

    def follow_workers(self, count: int) -> None:
        pass


@dataclass(frozen=True)
class Config:
    run: RunConfig
    capabilities: Capabilities
    nouns: Nouns = USUAL_NOUNS

    def recovered(self, records: Mapping[str, SourceRecord], at: float) -> tuple[ev.FactsLearned, ...]:  # noqa: ARG002
        return ()

    def open(self, records: Mapping[str, SourceRecord], *, may_write_beside: bool = False) -> OpenedJob:  # noqa: ARG002
        return Opened(ToyJob((ToyStage({"a": 2}),), name="bare"))


class Untouched:
    """A verifier that nobody may ask."""

    missing_means: MissingMeans = "lost"

    def recorded(self, *, sample: int | None = None) -> tuple[int, Iterable[Recorded]]:
        raise AssertionError(sample)

    def check(self, patches: Iterable[Recorded]) -> Iterator[Checked]:
        raise AssertionError(patches)

    def unrecorded(self, records: Mapping[str, SourceRecord]) -> Iterator[str]:
        raise AssertionError(records)


class BareJob(ModuleType):
    """A job that offers nothing, as its entry point's module."""

    offers = Capabilities()

    def read_config(self, path: Path) -> JobConfig:
        run = RunConfig(
            job="bare", path=path.absolute(), output=path.absolute().parent / "out", source_count=1
        )
        return Config(run, self.offers)

    def capabilities(self) -> JobCapabilities:
        return JobCapabilities()

    def nouns(self) -> Nouns:
        return USUAL_NOUNS


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BareJob:
    """Install the job under the name "bare", beside the others, and configure it in the working folder."""
    installed = metadata.entry_points
    module: JobModule = BareJob("bare_job")
    monkeypatch.setitem(sys.modules, "bare_job", module)
    monkeypatch.setattr(
        registry,
        "entry_points",
        lambda *, group: [*installed(group=group), EntryPoint("bare", "bare_job", GROUP)],
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / CONFIG).write_text(json.dumps({"job": "bare"}), encoding="utf-8")
    assert isinstance(module, BareJob)
    return module


NOT_OFFERED = {
    "check": ["check"],
    "verify": ["verify"],
    "verify --repair": ["verify", "--repair"],
    "stats": ["stats"],
    "report": ["report"],
    "sheet": ["sheet"],
    "split": ["split"],
    "export": ["export", "neosr", "exported"],
    "review": ["review"],
    "scan": ["scan", ".", "--yes", "--update"],
    "demo": ["demo", "."],
}


@pytest.mark.parametrize("words", NOT_OFFERED.values(), ids=NOT_OFFERED)
@pytest.mark.usefixtures("bare")
def test_a_command_that_a_job_does_not_offer_says_so(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == ExitCode.REFUSED
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f'tui-gen: the job "bare" does not offer "tui-gen {words[0]}" (docs/adding-a-job.md)\n'
    )
    assert [path.name for path in tmp_path.rglob("*")] == [CONFIG]


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("words", [["run"], ["run", "--fresh", "--yes"], ["check"]])
def test_a_job_that_other_machines_do_not_perform_says_so(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (opening, cluster):  # which a scheduler would let pass
        monkeypatch.setattr(module, "refuse_unreachable", lambda _: None)
    assert main([*words, "--cluster", "tcp://127.0.0.1:8786"]) == ExitCode.REFUSED
    assert 'tui-gen: the job "bare" is not performed by other machines' in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == [CONFIG]


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("words", [["scan", ".", "--yes"], ["demo", "there"]], ids=["scan", "demo"])
def test_a_job_named_by_an_option_is_asked_before_there_is_a_configuration(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / CONFIG).unlink()
    assert main([*words, "--job", "bare"]) == ExitCode.REFUSED
    assert f'the job "bare" does not offer "tui-gen {words[0]}"' in capsys.readouterr().err


@pytest.mark.usefixtures("bare")
def test_the_machine_is_checked_for_a_job_without_tools_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / CONFIG).unlink()
    assert main(["check", "--job", "bare"]) == ExitCode.DONE
    said = capsys.readouterr()
    assert "machine" in said.out
    assert "ffmpeg" not in said.out


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    "words", [["scan", "."], ["demo", "there"], ["check"]], ids=["scan", "demo", "check"]
)
def test_an_unknown_job_is_refused_with_those_there_are(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / CONFIG).unlink()
    assert main([*words, "--job", "other"]) == ExitCode.REFUSED
    assert capsys.readouterr().err == (
        'tui-gen: --job: there is no job "other"; write one of: anime, bare, superres, videomnist\n'
    )


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("words", [["scan", "."], ["demo", "."], ["check"]], ids=["scan", "demo", "check"])
def test_a_configuration_of_another_job_is_not_taken_for_the_named_one(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--job", "superres"]) == ExitCode.REFUSED
    assert 'its job is "bare", not "superres"' in capsys.readouterr().err


def test_a_job_that_cannot_repair_loses_nothing(
    bare: BareJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bare, "offers", replace(bare.offers, verifier=Untouched()))
    assert main(["run"]) == ExitCode.DONE
    ledger = tmp_path / "out" / ".tui-gen" / "ledger.jsonl"
    before = ledger.read_bytes()
    capsys.readouterr()
    assert main(["verify", "--repair"]) == ExitCode.REFUSED
    assert 'the job "bare" does not offer "tui-gen verify --repair"' in capsys.readouterr().err
    assert ledger.read_bytes() == before
