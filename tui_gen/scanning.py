"""The command `scan`: looks for sources and saves them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TextIO

from tui_gen.exit_codes import ExitCode
from tui_gen.jobs import JobModule, ScanRequest
from tui_gen.progress import Progress
from tui_gen.wording import display_name


def scan(job: JobModule, request: ScanRequest) -> int:
    """Look and write; return the exit code. Raises RefusedError."""
    steps = _Steps(sys.stderr)
    try:
        findings = job.scan(request, progress=steps.show)
    finally:
        steps.clear()
    lines = findings.save(findings.sources)
    sys.stdout.writelines(f"{display_name(line)}\n" for line in lines)
    return ExitCode.DONE


@dataclass(slots=True)
class _Steps:
    """A line of progress for one step after the other."""

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
