"""`tui-gen verify`: compares every recorded patch with its files, and makes lost patches again.

Findings go to stdout, one line per file; progress and totals go to stderr. No file is deleted: a damaged file
is replaced by an equal of the original, a missing file is made again.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from tui_gen.base.console_output import ConsoleOutput
from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import count, display_name
from tui_gen.base.nouns import Noun
from tui_gen.commands.offered import offered
from tui_gen.commands.run.opening import RunRequest, open_run
from tui_gen.commands.run.performing import perform
from tui_gen.commands.split import move_near_duplicates, near_duplicate_line
from tui_gen.config.cluster_address import NO_CLUSTER
from tui_gen.contract.job import JobConfig
from tui_gen.contract.verify import MISSING, Checked, Finding, Recorded, Verifier
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.run.session import LEDGER_NAME, LOCK_NAME, Session, replay
from tui_gen.engine.storage.lock import is_held
from tui_gen.views.text.progress import Progress


@dataclass(slots=True)
class VerifyTotals:
    """The totals of a check."""

    patches: int = 0
    moved: int = 0
    dropped: int = 0  # deleted by the user, if the job accepts that as a decision
    damaged: list[Checked] = field(default_factory=list)
    remarks: Counter[str] = field(default_factory=Counter)


def verify(config: JobConfig, *, sample: int | None, out: TextIO, talk: TextIO) -> int:
    """Check and report; return the exit code. Raises RefusedError."""
    verifier = _verifier(config)
    _refuse_without_ledger(config)
    state, damage = replay(config.run.run_folder)
    found = check_patches(verifier, sample, config.nouns.patch, out=out, talk=talk)
    if is_held(config.run.run_folder / LOCK_NAME):
        talk.write("An engine is at work here: files without a ledger line were not looked for.\n")
    else:
        _list_unrecorded(verifier, state, out)
    _say_sum(found, damage, config.nouns.patch, talk)
    if near := near_duplicate_line(config, state.records):
        talk.write(f"{near}; move them with: tui-gen split --move\n")
    if not found.damaged:
        return ExitCode.DONE
    if config.capabilities.repairer is not None:
        talk.write(f"Make them again with: tui-gen verify {display_name(str(config.run.path))} --repair\n")
    return ExitCode.DAMAGE


def repair(config: JobConfig, *, sample: int | None, out: TextIO, talk: TextIO) -> int:
    """Check, make missing and damaged patches again, check those again; return the exit code.

    Raises RefusedError, and LockedError while an engine runs.
    """
    verifier = _verifier(config)
    repairer = offered(config.capabilities.repairer, config.run.job, "verify --repair")
    _refuse_without_ledger(config)
    request = RunRequest(config, cluster=NO_CLUSTER)  # few patches, which are checked here as well
    lines = ConsoleOutput(talk, talk)
    try:
        session, opened = open_run(request, lines)
    finally:
        lines.drain()  # the following lines do not go through the queue
    try:
        found = check_patches(verifier, sample, config.nouns.patch, out=out, talk=talk)
        _list_unrecorded(verifier, session.state, out)
        _say_sum(found, session.damage, config.nouns.patch, talk)
        if not found.damaged:
            return ExitCode.DONE
        patches = [checked.patch for checked in found.damaged]
        restricted = repairer.restricted(opened, _wanted(patches))  # may refuse: then nothing is recorded
        _record_losses(session, patches)
        performed = perform(request, session, restricted, lines)
        with contextlib.suppress(OSError):  # files still not in their place are found below
            move_near_duplicates(config, session)
    finally:
        session.close()
        lines.close()
    left = [checked for checked in verifier.check(patches) if checked.findings]
    still = _FindingLines(out, ", still")
    for checked in left:
        still.write(checked.findings)
    lost = config.nouns.patch.counted(len(patches))
    talk.write(f"Repaired {count(len(patches) - len(left))} of {lost}, byte for byte.\n")
    if performed.signals:
        return performed.exit_code
    return ExitCode.DAMAGE if left else ExitCode.DONE


def _verifier(config: JobConfig) -> Verifier:
    return offered(config.capabilities.verifier, config.run.job, "verify")


def _refuse_without_ledger(config: JobConfig) -> None:
    ledger = config.run.run_folder / LEDGER_NAME
    if not ledger.is_file():
        message = f"{ledger}: there is no ledger, so nothing is known of what should be there"
        raise RefusedError(message)


# ------------------------------------------------------------------ checking


def check_patches(
    verifier: Verifier, sample: int | None, noun: Noun, *, out: TextIO, talk: TextIO
) -> VerifyTotals:
    """Check the recorded patches, or a random sample of them; print a line for each faulty file."""
    total, patches = verifier.recorded(sample=sample)
    found, progress, lines = VerifyTotals(), Progress(talk, total, noun.many), _FindingLines(out)
    for checked in _counted(verifier.check(patches), progress):
        found.patches += 1
        found.moved += checked.is_moved
        found.remarks.update(checked.remarks)
        if _is_dropped(verifier, checked):
            found.dropped += 1
        elif checked.findings:
            found.damaged.append(checked)
            progress.clear()
            lines.write(checked.findings)
            out.flush()
    progress.clear()
    return found


def _is_dropped(verifier: Verifier, checked: Checked) -> bool:
    """Return whether the user deleted a patch, and the patch must stay deleted."""
    if verifier.missing_means != "dropped" or not checked.findings:
        return False
    return all(finding.wrong == MISSING for finding in checked.findings)


def _counted(checks: Iterable[Checked], progress: Progress) -> Iterator[Checked]:
    for done, checked in enumerate(checks, 1):
        progress.show(done)
        yield checked


@dataclass(slots=True)
class _FindingLines:
    """Writes a line for each faulty file; a file that many patches lie in is told once."""

    out: TextIO
    ending: str = ""
    _last: str = ""

    def write(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            line = f"{display_name(finding.file)}: {finding.wrong}{self.ending}"
            if line != self._last:
                self.out.write(f"{line}\n")
            self._last = line


def _list_unrecorded(verifier: Verifier, state: RunState, out: TextIO) -> None:
    out.writelines(
        f"{display_name(path)}: in no line of the ledger\n" for path in verifier.unrecorded(state.records)
    )
    out.flush()


def _say_sum(found: VerifyTotals, damage: Sequence[str], noun: Noun, talk: TextIO) -> None:
    talk.writelines(
        f"{LEDGER_NAME}, {display_name(line)}; what it told of is made again by the next run\n"
        for line in damage
    )
    moved = f", {count(found.moved)} of them moved for validation" if found.moved else ""
    dropped = f", {count(found.dropped)} of them deleted by hand" if found.dropped else ""
    told = "".join(f", {count(times)} of them {remark}" for remark, times in found.remarks.items())
    wrong = f"{noun.counted(len(found.damaged))} missing or damaged" if found.damaged else "all whole"
    talk.write(f"Checked {noun.counted(found.patches)}{moved}{dropped}{told}: {wrong}.\n")
    talk.flush()


# ------------------------------------------------------------------ making again


def _wanted(patches: Iterable[Recorded]) -> dict[str, dict[int, frozenset[str]]]:
    wanted: dict[str, dict[int, frozenset[str]]] = defaultdict(dict)
    for patch in patches:
        of_source = wanted[patch.clip.source]
        of_source[patch.clip.index] = of_source.get(patch.clip.index, frozenset()) | {patch.category}
    return wanted


def _record_losses(session: Session, patches: Iterable[Recorded]) -> None:
    """Record lost patches in the ledger, so that this or a later run plans them again."""
    lost: dict[tuple[str, str, str], list[Recorded]] = defaultdict(list)
    for patch in patches:
        record = session.state.records[patch.clip.source]
        # Patches that an interrupted repair has recorded already do not count twice.
        if stage := record.stage_that_made(patch.category, patch.clip.index):
            lost[patch.clip.source, patch.category, stage].append(patch)
    for (source, category, stage), those in lost.items():
        indexes = tuple(sorted(patch.clip.index for patch in those))
        size_bytes = sum(patch.size_bytes for patch in those)
        session.note([ev.PatchesLost(session.now(), source, category, indexes, size_bytes, stage)])
