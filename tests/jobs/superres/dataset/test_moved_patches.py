"""Everybody who reads a ledger finds a moved patch once, where it stands now; as of older ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.superres.planning.test_plan import settings
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip, Made, Patch
from tui_gen.engine.run.session import LEDGER_NAME, replay
from tui_gen.engine.storage.ledger import Ledger
from tui_gen.engine.storage.standing_patches import count_standing_patches
from tui_gen.jobs.superres.dataset.contact_sheet.choice import ledger_patches
from tui_gen.jobs.superres.dataset.export.samples import entry_at, read_samples
from tui_gen.jobs.superres.dataset.lost_names import lost_names
from tui_gen.jobs.superres.dataset.measurements import measurements
from tui_gen.jobs.superres.dataset.verify import recorded_patches


def patch(clip: int, folder: str = "Patches_tiny", category: str = "general") -> Patch:
    """Return a patch of film "aa". The first one is flat; all look nearly the same."""
    files = {kind: f"General/{folder}/{kind.upper()}/patch_film_idx{clip:04d}.png" for kind in ("gt", "lr")}
    record = {
        "format": "tiny",
        "width": 96,
        "height": 96,
        "files": files,
        "sha256": dict.fromkeys(files, "0"),
    }
    return Patch(category, 100 + clip, record | {"scores": {"flat": 1.0 + 40 * clip}}, 0xFF ^ (1 << clip))


def made(clip: int, *patches: Patch) -> ev.ClipEnded:
    record = {"pts_seconds": clip * 10.0, "pts": [clip * 10.0 + k / 8 for k in range(7)]}
    return ev.ClipEnded(1.0, "extract", Made(Clip("aa", clip), patches, 1, 0.5, (), record))


def moved(before: Patch, now: Patch, clip: int) -> ev.PatchMoved:
    return ev.PatchMoved(2.0, "extract", "aa", clip, before.category, now)


def moved_earlier(before: Patch, now: Patch, clip: int) -> tuple[ev.Durable, ...]:
    """Return what earlier versions wrote of a move."""
    again = replace(made(clip, now), at=2.0, stage="split")
    if before.category == now.category:
        return (again,)
    return ev.PatchesLost(2.0, "aa", before.category, (clip,), before.size_bytes), again


VAL = [patch(clip, "Val_tiny", "general/val") for clip in range(4)]
NEAR = patch(2, "Near_tiny")
BEGIN = [made(clip, patch(clip)) for clip in range(4)]
LOST = ev.PatchesLost(3.0, "aa", "general/val", (1,), 101)
MOVES = [moved(patch(0), VAL[0], 0), moved(patch(1), VAL[1], 1), moved(patch(2), NEAR, 2)]
EARLIER = [
    *moved_earlier(patch(0), VAL[0], 0),
    *moved_earlier(patch(1), VAL[1], 1),
    *moved_earlier(patch(2), NEAR, 2),
]
STANDING = [VAL[0], VAL[1], NEAR, patch(3)]

# What happened, and the patches that stand after it, by clip.
LEDGERS: dict[str, tuple[Sequence[ev.Durable], list[Patch]]] = {
    "moved": ([*BEGIN, *MOVES], STANDING),
    "moved by an earlier version": ([*BEGIN, *EARLIER], STANDING),
    "moved there and back": ([*BEGIN, *MOVES, moved(VAL[0], patch(0), 0)], [patch(0), *STANDING[1:]]),
    "lost after the move": ([*BEGIN, *MOVES, LOST], [VAL[0], NEAR, patch(3)]),
    "made again after the move": ([*BEGIN, *MOVES, LOST, made(1, VAL[1])], STANDING),
    "made again for training": ([*BEGIN, *MOVES, LOST, made(1, patch(1))], [VAL[0], patch(1), *STANDING[2:]]),
    "of a clip whose line is lost": ([*BEGIN[1:], *MOVES], STANDING[1:]),
    "made again since": ([*BEGIN[1:], *MOVES, made(0, VAL[0])], STANDING),
    "moved twice": ([*BEGIN, *MOVES, *MOVES], STANDING),
}


@pytest.fixture(params=LEDGERS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[Patch]]:
    events, standing = LEDGERS[request.param]
    return write(tmp_path, events), standing


def write(folder: Path, events: Sequence[ev.Durable]) -> Path:
    ledger = Ledger(folder / LEDGER_NAME)
    ledger.append(events)
    ledger.close()
    return folder / LEDGER_NAME


def clip_of(found: Patch) -> int:
    return found.size_bytes - 100


def test_the_state_counts_what_stands(case: tuple[Path, list[Patch]]) -> None:
    ledger, standing = case
    state, _ = replay(ledger.parent)
    expected: dict[str, int] = {}
    for found in standing:
        expected[found.category] = expected.get(found.category, 0) | 1 << clip_of(found)
    record, source = state.records["aa"].stage("extract"), state.sources["aa"]
    assert {name: bits for name, bits in record.made.items() if bits} == expected
    assert source.size_bytes == sum(found.size_bytes for found in standing)
    assert sum(source.images.values()) == len(standing)
    for name, category in state.categories.items():
        in_it = [found.size_bytes for found in standing if found.category == name]
        assert (category.images, category.size_bytes) == (len(in_it), sum(in_it))


def test_samples_are_where_they_stand_now(case: tuple[Path, list[Patch]]) -> None:
    ledger, standing = case
    samples = read_samples(ledger)
    assert [sample.gt for sample in samples] == [found.record["files"]["gt"] for found in standing]
    assert [sample.index for sample in samples] == list(map(clip_of, standing))
    for sample, found in zip(samples, standing, strict=True):
        clip, entry = entry_at(ledger, sample)
        assert entry == found
        assert clip.record["pts_seconds"] == sample.index * 10.0 == sample.start_seconds + 3 / 8
        assert sample.split == ("val" if found.category == "general/val" else "train")
        assert sample.category == "general"


def test_samples_of_some_clips_and_of_all_that_ever_stood_apart(case: tuple[Path, list[Patch]]) -> None:
    ledger, standing = case
    samples = read_samples(ledger, of={"aa": 0b1, "bb": 0b1000}, under="/Near")
    assert samples == [sample for sample in read_samples(ledger) if sample.index in {0, 2}]
    assert [sample.gt for sample in samples] == [
        found.record["files"]["gt"] for found in standing if clip_of(found) in {0, 2}
    ]


def test_what_is_verified_is_what_stands(case: tuple[Path, list[Patch]]) -> None:
    ledger, standing = case
    recorded = sorted(recorded_patches(ledger), key=lambda found: found.clip)
    assert [(found.clip.index, found.category, found.record) for found in recorded] == [
        (clip_of(found), found.category, found.record) for found in standing
    ]
    assert count_standing_patches(ledger) == len(standing)


def test_a_sheet_shows_what_stands(case: tuple[Path, list[Patch]]) -> None:
    ledger, standing = case
    shown = sorted(ledger_patches(ledger), key=lambda found: found.clip)
    assert [(found.category, found.record, found.pts_seconds) for found in shown] == [
        (found.category, found.record, clip_of(found) * 10.0) for found in standing
    ]


def test_the_list_of_flagged_patches_tells_where_they_stand(case: tuple[Path, list[Patch]]) -> None:
    ledger, standing = case
    flagged = measurements(settings({"general": None}), ledger, {}).flagged
    near = {patch.path for patch in flagged if patch.name == "near_duplicate"}
    of_val, of_train = (
        [found.record["files"]["gt"] for found in standing if ("/" in found.category) == is_val]
        for is_val in (True, False)
    )
    assert near == {*of_val[1:], *of_train[1:]}


def test_names_are_found_in_the_lines_of_clips(case: tuple[Path, list[Patch]]) -> None:
    ledger, _ = case
    records = replay(ledger.parent)[0].records
    (found,) = lost_names(ledger, records, 9.0)
    assert (found.source, found.facts) == ("aa", {"slug:general": "film"})


@pytest.mark.parametrize("name", ["moved", "moved there and back", "moved twice"])
def test_a_patch_is_measured_once_where_it_stands(name: str, tmp_path: Path) -> None:
    events, standing = LEDGERS[name]
    measured = measurements(settings({"general": None}), write(tmp_path, events), {}).measured
    assert (measured.patches, measured.clips) == (4, 4)
    flat = {category: sorted(values) for (category, _), values in measured.values["flat"].items()}
    assert {category: values for category, values in flat.items() if values} == {
        category: [found.record["scores"]["flat"] for found in standing if found.category == category]
        for category in {found.category for found in standing}
    }
    distances = {place[0]: len(values) for place, values in measured.values["near_duplicate"].items()}
    counts = {place: sum(found.category == place for found in standing) for place in flat}
    assert distances == {category: count - 1 for category, count in counts.items() if count > 1}


def test_all_patches_of_a_category_may_be_moved(tmp_path: Path) -> None:
    events: list[ev.Durable] = [*BEGIN, *(moved(patch(clip), VAL[clip], clip) for clip in range(4))]
    ledger = write(tmp_path, events)
    measured = measurements(settings({"general": None}), ledger, {}).measured
    assert (measured.patches, measured.patches_flagged) == (4, 4)
    assert [sample.split for sample in read_samples(ledger)] == ["val"] * 4
