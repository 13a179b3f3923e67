"""What is held out for validation stays clear of training, has no seat in a target, and moves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.jobs.superres.planning.test_plan import (
    FILM,
    FOLDERS,
    SHARES,
    extracted,
    facts,
    members,
    of,
    tasks,
    video,
)
from tests.jobs.superres.planning.test_plan import settings as whole_settings
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import Plan
from tui_gen.jobs.superres.config.settings import Category, Settings, Video
from tui_gen.jobs.superres.dataset.split import (
    GUARD_SECONDS,
    SPLITS,
    Split,
    block_of,
    part_folder,
    part_name,
    split_of,
    split_of_folder,
    whole_name,
)
from tui_gen.jobs.superres.planning.plan import plan_extract
from tui_gen.jobs.superres.planning.timestamps import timestamp
from tui_gen.jobs.superres.units import EXTRACT

HOUR = 3600.0
HALF_WINDOW_SECONDS = 3.5 * 1001 / 24000
LIMIT = 400


def settings(targets: Mapping[str, int | None], **changes: Any) -> Settings:  # noqa: ANN401 - any field
    plain = whole_settings(targets, base_frame_limit=LIMIT, **changes)
    parts = {
        part_name(name, split): Category(
            part_name(name, split),
            FOLDERS[name],
            None,
            tuple(
                (replace(form, folder=part_folder(form.folder, split)), share) for form, share in SHARES[name]
            ),
        )
        for name in targets
        for split in SPLITS
    }
    return replace(plain, categories={**parts, **plain.categories})


def kept(video_id: str, split: Split, weight: float = 1.0, **changes: Any) -> tuple[str, Video]:  # noqa: ANN401
    return video(video_id, {part_name("general", split): weight}, split=split, **changes)


def known(*sources: tuple[str, Video], seconds: float = HOUR) -> dict[str, SourceRecord]:
    probe = replace(FILM, duration_seconds=seconds)
    return {source: SourceRecord(facts=facts(probe, slug=f"film_{source}")) for source, _ in sources}


def extract(
    chosen: Settings, sources: Sequence[tuple[str, Video]], records: Mapping[str, SourceRecord]
) -> Plan:
    return plan_extract(chosen, sources, records=records, missing=frozenset())


def clips_of(plan: Plan, source: str, category: str) -> list[int]:
    return sorted(k for k, task in tasks(plan, source).items() if category in {c.category for c in task.cuts})


def windows_of(plan: Plan, source: str, category: str) -> list[float]:
    """Return the middles of all windows that a category's clips may be taken from."""
    todo = tasks(plan, source)
    return [time for k in clips_of(plan, source, category) for time in todo[k].windows]


def nearest(one: Iterable[float], other: Iterable[float]) -> float:
    """Return how far the windows of two parts stay apart: where they do so least, nothing lies between."""
    in_time = sorted([(time, "one") for time in one] + [(time, "other") for time in other])
    gaps = (b - a for (a, part), (b, next_part) in pairwise(in_time) if part != next_part)
    return min(gaps) - 2 * HALF_WINDOW_SECONDS


# ------------------------------------------------------------------------------------------ the block

SHARE = st.sampled_from([0.01, 0.05, 0.1, 0.3, 0.5])


@given(st.integers(0, 2**40), st.text(max_size=8), SHARE, st.floats(600, 20_000))
def test_a_block_lies_in_the_film_and_is_as_long_as_asked(
    seed: int, source: str, share: float, seconds: float
) -> None:
    block = block_of(seed, source, share=share, duration_seconds=seconds)
    assert block is not None
    assert 0 <= block.start_seconds < block.end_seconds <= seconds * (1 + 1e-12)
    assert block.end_seconds - block.start_seconds == pytest.approx(share * seconds)


@given(st.integers(0, 99), st.floats(600, 20_000))
def test_a_larger_share_holds_the_block_of_a_smaller_one(seed: int, seconds: float) -> None:
    small, large = (block_of(seed, "dune", share=share, duration_seconds=seconds) for share in (0.05, 0.2))
    assert small is not None
    assert large is not None
    assert large.start_seconds <= small.start_seconds
    assert small.end_seconds <= large.end_seconds


def test_films_have_their_blocks_at_different_places_and_short_ones_none() -> None:
    starts = {block_of(0, f"{n}", share=0.05, duration_seconds=HOUR) for n in range(20)}
    assert len(starts) == 20
    assert block_of(0, "1", share=0.05, duration_seconds=599.9) is None
    assert block_of(0, "1", share=0.0, duration_seconds=HOUR) is None


def test_names_and_folders_of_parts_lead_back() -> None:
    for split in SPLITS:
        assert split_of(part_name("general", split)) == split
        assert whole_name(part_name("general", split)) == "general"
        for folder in ("Patches", "Patches_Medium169", "Patches_my_own"):
            assert split_of_folder(part_folder(folder, split)) == split
    assert part_folder("Patches", "val") == "Val"
    assert part_folder("Patches_XLarge169", "val") == "Val_XLarge169"


# ----------------------------------------------------------------------------------- blocks in the plan


@given(st.sampled_from([0.02, 0.1, 0.4]), st.integers(0, 30), st.sampled_from([None, 40, 350]))
def test_no_window_for_validation_comes_within_ten_seconds_of_one_for_training(
    share: float, seed: int, target: int | None
) -> None:
    source = video("aa", {"general": 1.0}, val_share=share)
    chosen = settings({"general": target}, seed=seed)
    plan = extract(chosen, [source], known(source))
    train, val = (windows_of(plan, "aa", name) for name in ("general", "general/val"))
    assert train
    if val:
        assert nearest(train, val) >= GUARD_SECONDS
        block = block_of(seed, "aa", share=share, duration_seconds=HOUR)
        assert block is not None
        assert min(val) - HALF_WINDOW_SECONDS >= block.start_seconds
        assert max(val) + HALF_WINDOW_SECONDS <= block.end_seconds


@pytest.mark.parametrize("target", [None, 200, 60])
def test_the_block_gives_its_share_and_no_seat_of_the_target(target: int | None) -> None:
    source = video("aa", {"general": 0.5, "space": 0.5}, val_share=0.1)
    plan = extract(settings({"general": target, "space": 30}), [source], known(source))
    train = plan.categories["general"].planned
    assert train == target or (target is None and 0.85 * LIMIT < train < 0.95 * LIMIT)
    assert len(clips_of(plan, "aa", "general/val")) == pytest.approx(train / 9, abs=3)
    assert plan.categories["space"].planned == 30
    assert plan.categories["general/val"].target is None
    assert {"general/val", "space/val"} <= plan.categories.keys()
    assert of(plan, "aa").clips_left <= LIMIT


def test_the_same_clips_are_kept_aside_for_all_categories_and_cut_as_they_would_be_for_training() -> None:
    source = video("aa", {"general": 0.5, "space": 0.5}, val_share=0.2)
    plan = extract(settings({"general": None, "space": None}), [source], known(source))
    assert clips_of(plan, "aa", "general/val") == clips_of(plan, "aa", "space/val")
    undivided = extract(
        settings({"general": None, "space": None}),
        [video("aa", {"general": 0.5, "space": 0.5})],
        known(source),
    )
    before = tasks(undivided, "aa")
    compared = 0
    for k, task in tasks(plan, "aa").items():
        for cut in task.cuts:
            usual = (
                next(c for c in before[k].cuts if c.category == whole_name(cut.category))
                if k in before
                else None
            )
            if usual is not None:
                compared += 1
                assert (cut.region, cut.frame, cut.file_stem) == (usual.region, usual.frame, usual.file_stem)
                assert cut.format.folder == part_folder(usual.format.folder, split_of(cut.category))
    assert compared > LIMIT


def test_a_film_under_ten_minutes_and_one_that_shares_its_group_have_no_block() -> None:
    sources = (video("aa", {"general": 1.0}, val_share=0.1), video("bb", {"general": 1.0}, group="Dune"))
    records = known(sources[0], seconds=599.0) | known(sources[1])
    plan = extract(settings({"general": None}), sources, records)
    assert plan.categories["general/val"].planned == 0
    assert "shorter than 10 minutes" in " ".join(plan.notes)
    assert "share a group" in " ".join(plan.notes)


def test_a_rejected_clip_of_the_block_is_replaced_by_another_of_the_block() -> None:
    source = video("aa", {"general": 1.0}, val_share=0.1)
    records = known(source)
    chosen = settings({"general": 100})
    before = extract(chosen, [source], records)
    lost = clips_of(before, "aa", "general/val")[0]
    extracted(records["aa"]).rejected = 1 << lost
    after = extract(chosen, [source], records)
    count = len(clips_of(before, "aa", "general/val"))
    assert len(clips_of(after, "aa", "general/val")) == count
    assert lost not in clips_of(after, "aa", "general/val")
    assert clips_of(after, "aa", "general") == clips_of(before, "aa", "general")


# ------------------------------------------------------------------------------------------ whole films


def test_films_kept_aside_give_as_many_patches_a_weight_as_those_for_training() -> None:
    sources = (
        video("aa", {"general": 1.0}),
        video("bb", {"general": 0.5}),
        kept("cc", "val"),
        kept("dd", "val", 0.5),
        kept("ee", "test"),
    )
    plan = extract(settings({"general": 150}), sources, known(*sources))
    assert {entry.source: dict(entry.quotas) for entry in plan.sources} == {
        "aa": {"general": 100},
        "bb": {"general": 50},
        "cc": {"general/val": 100},
        "dd": {"general/val": 50},
        "ee": {"general/test": 100},
    }
    assert plan.categories["general"].planned == 150
    assert {cut.format.folder.split("_")[0] for t in tasks(plan, "ee").values() for cut in t.cuts} == {"Test"}


def test_without_a_target_they_give_all_that_they_can() -> None:
    sources = (video("aa", {"general": 1.0}), kept("cc", "val", 0.5))
    plan = extract(settings({"general": None}), sources, known(*sources))
    assert plan.categories["general/val"].planned == LIMIT / 2


def test_a_film_kept_aside_has_no_block_of_its_own() -> None:
    source = kept("cc", "test")
    plan = extract(settings({"general": None}), [source], known(source))
    assert {cut.category for task in tasks(plan, "cc").values() for cut in task.cuts} == {"general/test"}


# ------------------------------------------------------------------------------------- edits on the way


def made(plan: Plan, record: SourceRecord, source: str, *, every: int = 1) -> SourceRecord:
    """Return a record as if (every n-th of) the planned clips were made."""
    done = dict(extracted(record).made)
    for k, task in tasks(plan, source).items():
        for cut in task.cuts if k % every == 0 else ():
            done[cut.category] = done.get(cut.category, 0) | 1 << k
    return record.with_stage(EXTRACT, replace(extracted(record), made=done))


def times_of(clips: int) -> list[float]:
    """Return where a bit set of clips lies in the film."""
    return [timestamp(k, HOUR) for k in members(clips)]


@given(
    st.sampled_from([0.0, 0.02, 0.1]), st.sampled_from([0.0, 0.05, 0.3]), st.integers(1, 3), st.integers(0, 9)
)
def test_whatever_the_share_was_nothing_new_comes_near_what_was_made_for_another_part(
    before: float, after: float, every: int, seed: int
) -> None:
    chosen = settings({"general": None}, seed=seed)
    first, second = (video("aa", {"general": 1.0}, val_share=share) for share in (before, after))
    records = known(first)
    records["aa"] = made(extract(chosen, [first], records), records["aa"], "aa", every=every)
    plan = extract(chosen, [second], records)
    done = extracted(records["aa"]).made
    new = made(plan, SourceRecord(), "aa").stage(EXTRACT).made
    for name, other in (("general", "general/val"), ("general/val", "general")):
        if new.get(name) and done.get(other):
            assert nearest(times_of(new[name]), times_of(done[other])) >= GUARD_SECONDS
    # What was made holds its seats.
    quotas = of(plan, "aa").quotas
    assert all(quotas[name] >= bits.bit_count() for name, bits in done.items())


def test_a_share_set_on_the_way_finds_the_block_taken_and_an_untouched_film_gives_its_own() -> None:
    sources = [video(name, {"general": 1.0}, val_share=0.1) for name in ("aa", "bb")]
    plain = [(name, replace(entry, val_share=0.0)) for name, entry in sources]
    chosen, records = settings({"general": None}), known(*sources)
    records["aa"] = made(extract(chosen, plain, records), records["aa"], "aa")
    plan = extract(chosen, sources, records)
    assert clips_of(plan, "aa", "general/val") == []
    assert len(clips_of(plan, "bb", "general/val")) > LIMIT / 20


@pytest.mark.parametrize("how", ["film", "group"])
def test_a_film_chosen_after_it_gave_to_training_waits_until_its_patches_are_moved(how: str) -> None:
    chosen = settings({"general": 100})
    group = "Dune" if how == "group" else None
    sources = [kept("aa", "val", group=group), video("bb", {"general": 1.0})]
    sources += [kept("cc", "val", group=group)] if group else []
    records = known(*sources)
    extracted(records["aa"]).made = {"general": 0b1011}
    plan = extract(chosen, sources, records)
    for source in ("aa", "cc") if group else ("aa",):
        assert clips_of(plan, source, "general/val") == []
        told = of(plan, source).unusable or ""
        assert "3 for training" in told
        assert "tui-gen split --move" in told
    assert of(plan, "aa").quotas == {"general": 3}
    assert plan.categories["general"].planned == 100
    extracted(records["aa"]).made = {"general/val": 0b1011}
    moved = extract(chosen, sources, records)
    assert of(moved, "aa").unusable is None
    assert len(clips_of(moved, "aa", "general/val")) > 90


def test_a_film_taken_back_into_training_keeps_clear_of_what_it_gave_to_validation() -> None:
    source = video("aa", {"general": 1.0})
    records = known(source)
    extracted(records["aa"]).made = {"general/val": sum(1 << k for k in range(40))}
    plan = extract(settings({"general": None}), [source], records)
    new = made(plan, SourceRecord(), "aa").stage(EXTRACT).made["general"]
    assert new
    assert nearest(times_of(new), times_of(extracted(records["aa"]).made["general/val"])) >= GUARD_SECONDS
