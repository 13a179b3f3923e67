"""The command `scan`: searches for sources, opens the review on a terminal, and saves the result.

Invariant: nothing is written before the review is over, and nothing at all if the review is cancelled.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TextIO

from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import display_name
from tui_gen.base.nouns import Nouns
from tui_gen.contract.scan import Scanner, ScanRequest
from tui_gen.views.text.progress import Progress


def scan(scanner: Scanner, request: ScanRequest, nouns: Nouns, *, is_reviewed: bool) -> int:
    """Search, review and write; return the exit code. Raises RefusedError."""
    steps = _Steps(sys.stderr)
    try:
        findings = scanner.scan(request, progress=steps.show)
    finally:
        steps.clear()
    sources = findings.sources
    if is_reviewed and sources:
        from tui_gen.commands import screen

        names = ", ".join(map(str, request.folders))
        code, kept = screen.review(f"{names} for {request.target}", findings, nouns)
        if kept is None:
            sys.stderr.write("Nothing was written.\n")
            return code
        sources = kept
    lines = findings.save(sources)
    sys.stdout.writelines(f"{display_name(line)}\n" for line in lines)
    return ExitCode.DONE


@dataclass(slots=True)
class _Steps:
    """Shows a progress line for one step after the other."""

    talk: TextIO
    _doing: str = ""
    _progress: Progress | None = None

    def show(self, doing: str, done: int, total: int) -> None:
        if self._progress is None or doing != self._doing:
            self.clear()
            self._doing, self._progress = doing, Progress(self.talk, total, "files", doing)
        self._progress.show(done)

    def clear(self) -> None:
        if self._progress is not None:
            self._progress.clear()
