"""The requests pause, resume, drain, stop and status keep their words on the control socket."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.golden.program import Engine, read_json, read_ledger
from tests.golden.wire import (
    DONE,
    ORDERS,
    RECORD,
    Line,
    RecordedEngine,
    give_order,
    lay_out_long_film,
    shapes,
)

GOLDEN = read_json(RECORD)
REQUESTS: dict[str, str] = GOLDEN["requests"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """What an engine answered, and how it ended."""

    answers: dict[str, dict[str, Any]]
    code: int
    phases: list[str]


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> Conversation:
    """Send every recorded request to an engine."""
    config = lay_out_long_film(tmp_path_factory.mktemp("conversation"))
    with Engine(config) as engine, Line(engine.wait_for_socket()) as line:
        engine.wait_until(lambda: engine.clips_made() > 0, "a clip")
        answers = {"pause": line.ask(REQUESTS["pause"]), "paused": line.ask(REQUESTS["status"])}
        answers |= {"resume": line.ask(REQUESTS["resume"]), "resumed": line.ask(REQUESTS["status"])}
        answers |= {"unknown": line.ask('{"command": {"is": "NoSuchOrder"}}\n')}
        answers |= {order: line.ask(REQUESTS[order]) for order in ("drain", "stop")}
        code = engine.end()
    phases = [line["phase"] for line in read_ledger(engine.ledger) if line["kind"] == "phase"]
    return Conversation(answers, code, [phase for phase in phases if phase != "running"])


@pytest.mark.parametrize("order", ORDERS)
def test_a_client_sends_the_recorded_request_and_understands_the_recorded_answer(
    order: str, tmp_path: Path
) -> None:
    config = tmp_path / "generator_config.json"
    config.write_text(json.dumps(GOLDEN["settings"]), encoding="ascii")
    with RecordedEngine(config, state=GOLDEN["state"], status=GOLDEN["status"]) as recorded:
        done = give_order(config, order)
    assert done.code == 0, str(done)
    assert ("paused" if order == "status" else DONE) in done.out
    commands = [line for line in recorded.asked if "command" in json.loads(line)]
    assert commands == ([] if order == "status" else [REQUESTS[order]])


def test_an_engine_understands_the_recorded_requests(conversation: Conversation) -> None:
    answers = conversation.answers
    keys = {order: set(answer) for order, answer in answers.items()}
    assert all(keys[order] == {"done"} for order in ("pause", "resume", "drain", "stop")), answers
    assert keys["unknown"] == {"refused"}
    assert conversation.code == 4
    assert conversation.phases == ["paused", "draining", "stopping"]


def test_an_engine_tells_its_phase(conversation: Conversation) -> None:
    paused, resumed = conversation.answers["paused"]["state"], conversation.answers["resumed"]["state"]
    assert (paused["is"], paused["phase"], paused["is_paused"]) == ("RunState", "paused", True)
    assert (resumed["is"], resumed["phase"], resumed["is_paused"]) == ("RunState", "running", False)
    assert paused["version"]
    assert paused["reason"] == ""


def test_an_engine_tells_its_state_in_the_recorded_words(conversation: Conversation) -> None:
    """A client of an earlier version refuses a state that has other keys than it knows."""
    found = {kind: set(keys) for kind, keys in shapes(conversation.answers["paused"]["state"])}
    assert "RunState" in found
    assert all(keys <= set(GOLDEN["shapes"].get(kind, ())) for kind, keys in found.items()), found
