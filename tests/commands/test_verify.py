"""What `verify` takes for damage."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from tui_gen.base.nouns import USUAL_NOUNS
from tui_gen.commands.verify import check_patches
from tui_gen.contract.verify import MISSING, Checked, Finding, MissingMeans, Recorded
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import Clip

PATCHES = [Recorded(Clip("a", k), "all", 1, {}) for k in range(3)]
WRONG = {0: MISSING, 1: "damaged: empty"}


@dataclass
class Verifier:
    """Finds the first patch missing and the second damaged."""

    missing_means: MissingMeans

    def recorded(self, *, sample: int | None = None) -> tuple[int, Iterable[Recorded]]:
        assert sample is None
        return len(PATCHES), PATCHES

    def check(self, patches: Iterable[Recorded]) -> Iterator[Checked]:
        for patch in patches:
            wrong = WRONG.get(patch.clip.index)
            yield Checked(patch, (Finding(patch, "x.png", wrong),) if wrong else ())

    def unrecorded(self, records: Mapping[str, SourceRecord]) -> Iterator[str]:
        assert records == {}
        yield from ()


@pytest.mark.parametrize(("means", "dropped", "damaged"), [("lost", 0, [0, 1]), ("dropped", 1, [1])])
def test_a_missing_patch_is_damage_unless_the_job_takes_it_for_deleted(
    means: MissingMeans, dropped: int, damaged: list[int]
) -> None:
    found = check_patches(Verifier(means), None, USUAL_NOUNS.patch, out=io.StringIO(), talk=io.StringIO())
    assert found.dropped == dropped
    assert [checked.patch.clip.index for checked in found.damaged] == damaged


def test_a_file_that_many_patches_lie_in_is_told_once() -> None:
    class OneFile(Verifier):
        def check(self, patches: Iterable[Recorded]) -> Iterator[Checked]:
            for patch in patches:
                yield Checked(patch, (Finding(patch, "all.h5", MISSING),))

    out = io.StringIO()
    found = check_patches(OneFile("lost"), None, USUAL_NOUNS.patch, out=out, talk=io.StringIO())
    assert out.getvalue() == "all.h5: missing\n"
    assert len(found.damaged) == len(PATCHES)


def test_what_the_user_did_is_counted_and_is_no_damage() -> None:
    class ByHand(Verifier):
        def check(self, patches: Iterable[Recorded]) -> Iterator[Checked]:
            for patch in patches:
                remarks = ("moved by hand", "edited by hand") if patch.clip.index else ("moved by hand",)
                yield Checked(patch, (), remarks=remarks)

    found = check_patches(ByHand("lost"), None, USUAL_NOUNS.patch, out=io.StringIO(), talk=io.StringIO())
    assert found.remarks == {"moved by hand": 3, "edited by hand": 2}
    assert not found.damaged
