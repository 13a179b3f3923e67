"""What `verify` asks of a job: to compare recorded patches with their files, and to make lost ones again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from tui_gen.contract.opened_job import OpenedJob
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import Clip, JsonObject


@dataclass(frozen=True, slots=True)
class Recorded:
    """A patch as its ledger line describes it."""

    clip: Clip
    category: str
    size_bytes: int
    record: JsonObject


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one file of a recorded patch."""

    patch: Recorded
    file: str  # relative to the output folder
    wrong: str  # MISSING, "damaged: empty", "another content than recorded"


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of checking one recorded patch."""

    patch: Recorded
    findings: tuple[Finding, ...]
    is_moved: bool = False  # into a validation folder
    # What the user did to it, which is no damage: "edited by hand". Totals count each remark.
    remarks: tuple[str, ...] = ()


Wanted = Mapping[str, Mapping[int, frozenset[str]]]
"""Patches to be made again: source -> index of the clip -> categories."""


MissingMeans = Literal["lost", "dropped"]
"""A patch without files is "lost" (damage, to be made again) or "dropped" (deleted by hand, for good)."""
MISSING = "missing"
"""`Finding.wrong` of a file that is not there."""


class Verifier(Protocol):
    """Compares what the ledger records with the files."""

    @property
    def missing_means(self) -> MissingMeans:
        """Whether patches whose files are missing are damage."""
        ...

    def recorded(self, *, sample: int | None = None) -> tuple[int, Iterable[Recorded]]:
        """Return the patches of the ledger and their number; with `sample`, a random sample of that size."""
        ...

    def check(self, patches: Iterable[Recorded]) -> Iterator[Checked]:
        """Compare patches with their files, several at a time."""
        ...

    def unrecorded(self, records: Mapping[str, SourceRecord]) -> Iterator[str]:
        """Yield the files that no ledger line owns, relative to the output folder."""
        ...


class Repairer(Protocol):
    """Makes patches again that are missing or damaged."""

    def restricted(self, opened: OpenedJob, wanted: Wanted) -> OpenedJob:
        """Return the opened job, restricted to these patches."""
        ...
