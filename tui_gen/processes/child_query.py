"""Asks a Python child about a source: one JSON object over a pipe, or a ChildError with the reason.

The child is a script of this package, run by its path with `-I`. Its first argument is the source's path, its
last argument the descriptor for the answer. "reading" on its stderr is a sign of life.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_gen.processes.children import ChildError, Command, StallLimits, TextSink, run_child
from tui_gen.processes.keepalive import SIGN, Line


@dataclass(frozen=True, slots=True)
class ChildQuery:
    """A question to a child: the script, and its arguments."""

    script: Path
    path: str  # of the source
    words: Sequence[str]  # further arguments, without the descriptor
    what: str  # "the probe": the subject of messages about a failure
    limits: StallLimits
    niceness: int


async def ask(question: ChildQuery) -> tuple[dict[str, Any], str]:
    """Return the answer and the end of the child's stderr. Raises ChildError."""
    sink = TextSink()

    def arguments(pipes: Sequence[int]) -> list[str]:
        path = os.path.abspath(question.path)  # noqa: PTH100 - may not be UTF-8
        return ["-I", str(question.script), path, *question.words, str(pipes[0])]

    ended = await run_child(
        Command(
            program=sys.executable,
            arguments=arguments,
            sinks=[sink],
            on_line=_sign,
            limits=question.limits,
            niceness=question.niceness,
        )
    )
    if ended.has_stalled:
        reason = f"{question.what} hung"
        raise ChildError(reason, ended.tail)
    if ended.was_killed:
        # A header that crashes the library crashes it every time; the caller retries and then gives up.
        reason = f"{question.what} was killed by signal {-ended.status}"
        raise ChildError(reason, ended.tail)
    if ended.status or not sink.data:
        reason = f"{question.what} failed"
        raise ChildError(reason, ended.tail)
    answer: dict[str, Any] = json.loads(sink.data)
    return answer, ended.tail


def _sign(line: str) -> Line:
    return Line.SIGN if line == SIGN else Line.KEPT
