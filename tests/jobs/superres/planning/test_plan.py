"""The plan: weights weigh, targets are met, and no change of one thing moves another."""

import copy
import functools
import pickle
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.engine.model.stage_records import SourceRecord, StageRecord
from tui_gen.engine.model.work import Plan, SourcePlan
from tui_gen.jobs.superres.config.settings import Category, Settings, Video
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.jobs.superres.planning.plan import plan_extract, plan_probe
from tui_gen.jobs.superres.planning.stretches import MOST_JOINED_CLIPS, joined
from tui_gen.jobs.superres.units import EXTRACT, ClipTask, Cut, Probe, Stretch, Survey
from tui_gen.media.facts_json import keyframe_index_to_json, probe_to_json, survey_to_json
from tui_gen.media.film_facts import ColourFacts, KeyframeIndex, ProbeFacts, SurveyFacts
from tui_gen.media.geometry import Region, Size, contains, whole

SMALL = PatchFormat("small_540", Size(540, 540), Size(180, 180), "Patches", "")
LARGE = PatchFormat("large_720", Size(720, 720), Size(240, 240), "Patches_Large", "_large")
FULL = PatchFormat("fullhd_1920", Size(1920, 1080), Size(640, 360), "Patches_FullHD", "_fullhd")
FOLDERS = {"general": "Universal/Learn", "space": "Space/Learn", "toon": "Toon/Learn"}
SHARES = {
    "general": ((SMALL, 0.45), (LARGE, 0.55)),
    "space": ((SMALL, 0.5), (FULL, 0.5)),
    "toon": ((SMALL, 1.0),),
}
COLOUR = ColourFacts("yuv420p10le", 10, "smpte2084", "bt2020", "bt2020nc", "tv", "left", 1000.0, 4000.0)
FILM = ProbeFacts(
    container="matroska",
    codec="hevc",
    coded=Size(3840, 2160),
    sample_aspect=Fraction(1),
    rotation_degrees=0,
    first_pts_seconds=0.0,
    duration_seconds=3600.0,
    frame_seconds=1001 / 24000,
    field_order="progressive",
    colour=COLOUR,
    hdr_class="pq",
)
NO_BARS = SurveyFacts(picture=whole(FILM.coded), bar_votes=50, is_interlaced=False)

Sources = tuple[tuple[str, Video], ...]
Recipe = dict[tuple[str, int, str], tuple[tuple[float, ...], Cut]]


def extracted(record: SourceRecord) -> StageRecord:
    return record.kept_stage(EXTRACT)


def settings(targets: Mapping[str, int | None], **changes: Any) -> Settings:  # noqa: ANN401 - any field
    categories = {
        name: Category(name, FOLDERS[name], target, SHARES[name]) for name, target in targets.items()
    }
    plain = Settings(Path("/c.json"), Path("/out"), (), categories, base_frame_limit=20)
    return replace(plain, **changes)


def video(video_id: str, weights: Mapping[str, float], **changes: Any) -> tuple[str, Video]:  # noqa: ANN401
    plain = Video(f"Film {video_id}", f"/films/{video_id}.mkv", tuple(weights.items()))
    return video_id, replace(plain, **changes)


def facts(probe: ProbeFacts = FILM, survey: SurveyFacts | None = NO_BARS, slug: str = "") -> dict[str, Any]:
    seen = {"survey": seen_as_json(survey)} if survey else {}
    slugs = {f"slug:{name}": slug for name in FOLDERS} if slug else {}
    return {"probe": probed_as_json(probe), **seen, **slugs}


@functools.cache
def probed_as_json(probe: ProbeFacts) -> dict[str, Any]:
    return probe_to_json(probe)


@functools.cache
def seen_as_json(survey: SurveyFacts) -> dict[str, Any]:
    return survey_to_json(survey)


def surveyed(sources: Iterable[tuple[str, Video]]) -> dict[str, SourceRecord]:
    return {source: SourceRecord(facts=facts(slug=f"film_{source}")) for source, _ in sources}


def extract(
    chosen: Settings, sources: Sources, records: Mapping[str, SourceRecord], missing: Iterable[str] = ()
) -> Plan:
    return plan_extract(chosen, sources, records=records, missing=frozenset(missing))


def of(plan: Plan, source: str) -> SourcePlan:
    return next(entry for entry in plan.sources if entry.source == source)


def stretches(plan: Plan) -> list[Stretch]:
    units = [unit for source in plan.sources for unit in source.units]
    assert all(isinstance(unit, Stretch) for unit in units)
    return [unit for unit in units if isinstance(unit, Stretch)]


def tasks(plan: Plan, source: str) -> dict[int, ClipTask]:
    return {task.index: task for unit in stretches(plan) if unit.source == source for task in unit.tasks}


def recipe(plan: Plan) -> Recipe:
    return {
        (unit.source, task.index, cut.category): (task.windows, cut)
        for unit in stretches(plan)
        for task in unit.tasks
        for cut in task.cuts
    }


def members(bits: int) -> list[int]:
    return [index for index in range(bits.bit_length()) if bits >> index & 1]


# -------------------------------------------------------------------------------------------- given

WEIGHTS = st.dictionaries(
    st.sampled_from(sorted(FOLDERS)), st.sampled_from([0.3, 0.5, 0.7, 1.0]), min_size=1, max_size=3
)
TARGETS = st.fixed_dictionaries(
    {name: st.one_of(st.none(), st.integers(min_value=0, max_value=120)) for name in FOLDERS}
)


@st.composite
def libraries(draw: st.DrawFn) -> Sources:
    count = draw(st.integers(min_value=1, max_value=5))
    return tuple(video(f"{index:02}", draw(WEIGHTS)) for index in range(count))


@st.composite
def half_done(draw: st.DrawFn, sources: Sources) -> dict[str, SourceRecord]:
    """Draw what a run may have come to: clips made and rejected, for the categories a film feeds."""
    records = surveyed(sources)
    bits = st.integers(min_value=0, max_value=(1 << 12) - 1)
    for source, entry in sources:
        record = records[source]
        extracted(record).rejected = draw(st.one_of(st.just(0), bits))
        for name, _ in entry.weights:
            extracted(record).made[name] = draw(bits) & ~extracted(record).rejected
            extracted(record).rejected_for[name] = (
                draw(st.one_of(st.just(0), bits)) & ~extracted(record).made[name]
            )
    return records


# -------------------------------------------------------------------------------------------- quotas


@given(TARGETS, libraries())
def test_quotas_sum_to_the_targets_where_they_can(targets: dict[str, int | None], sources: Sources) -> None:
    chosen = settings(targets)
    plan = extract(chosen, sources, surveyed(sources))
    for name, target in targets.items():
        most = sum(
            round(20 * sum(Fraction(str(weight)) for _, weight in entry.weights))
            for _, entry in sources
            if name in dict(entry.weights)
        )
        expected = most if target is None else min(target, most)
        assert sum(entry.quotas.get(name, 0) for entry in plan.sources) == expected
        assert plan.categories[name].planned == expected
        is_short = target is not None and expected < target
        assert any(name in warning for warning in plan.warnings) == is_short


@given(st.data(), TARGETS, libraries())
def test_the_others_never_give_less_when_a_film_drops_out(
    data: st.DataObject, targets: dict[str, int | None], sources: Sources
) -> None:
    chosen = settings(targets)
    records = data.draw(half_done(sources))
    before = extract(chosen, sources, records)
    gone = data.draw(st.sampled_from(sources))[0]
    how = data.draw(st.sampled_from(["skipped", "unusable", "missing", "removed"]))
    if how == "skipped":
        records[gone].skipped = True
    elif how == "unusable":
        extracted(records[gone]).unusable = "no such codec"
    left = tuple(entry for entry in sources if entry[0] != gone) if how == "removed" else sources
    after = extract(chosen, left, records, [gone] if how == "missing" else [])
    for source, _ in left:
        if source == gone:
            assert of(after, source).clips_left == 0
            assert not list(of(after, source).units)
            continue
        for name, quota in of(before, source).quotas.items():
            assert of(after, source).quotas[name] >= quota


@given(st.data(), TARGETS, libraries())
def test_made_patches_hold_their_seats_and_the_first_usable_clips_fill_the_rest(
    data: st.DataObject, targets: dict[str, int | None], sources: Sources
) -> None:
    records = data.draw(half_done(sources))
    plan = extract(settings(targets), sources, records)
    for source, entry in sources:
        record, planned = records[source], of(plan, source)
        if planned.unusable:
            continue
        todo = tasks(plan, source)
        for name, _ in entry.weights:
            made = set(members(extracted(record).made[name]))
            chosen = {k for k, task in todo.items() if name in {cut.category for cut in task.cuts}}
            quota = planned.quotas.get(name, 0)
            assert quota == len(made) + len(chosen)
            settled = set(members(extracted(record).rejected | extracted(record).rejected_for[name])) | made
            free = [k for k in range(80) if k not in settled]
            assert chosen == set(free[: len(chosen)])
        assert planned.clips_left == len(todo)
        assert planned.clips_made == len(
            {k for bits in extracted(record).made.values() for k in members(bits)} - todo.keys()
        )


def test_weights_weigh() -> None:
    sources = (video("aa", {"general": 0.3, "space": 0.7}), video("bb", {"general": 1.0}))
    plan = extract(settings({"general": 13, "space": 9}), sources, surveyed(sources))
    assert dict(of(plan, "aa").quotas) == {"general": 3, "space": 9}
    assert dict(of(plan, "bb").quotas) == {"general": 10}


def test_a_target_that_cannot_be_met_is_said_with_its_number() -> None:
    sources = (video("aa", {"general": 1.0}),)
    plan = extract(settings({"general": 50}), sources, surveyed(sources))
    assert plan.warnings == (
        "general: the target of 50 patches cannot be met: 20 can be planned, 30 too few",
    )


def test_patches_of_a_film_gone_from_the_configuration_hold_their_seats() -> None:
    sources = (video("aa", {"general": 1.0}),)
    gone = SourceRecord(
        facts=facts(slug="gone"), stages={EXTRACT: StageRecord(made={"general": (1 << 8) - 1})}
    )
    plan = extract(settings({"general": 12}), sources, {**surveyed(sources), "gone": gone})
    assert of(plan, "aa").quotas == {"general": 4}
    assert plan.categories["general"].planned == 12


def test_a_video_without_weights_is_planned_with_nothing() -> None:
    sources = (video("aa", {}), video("bb", {"general": 1.0}))
    chosen = settings({"general": None})
    plan = extract(chosen, sources, {})
    assert (of(plan, "aa").clips_left, list(of(plan, "aa").units)) == (0, [])
    probes = plan_probe(chosen, sources, records={}, missing=frozenset())
    assert [unit.source for source in probes.sources for unit in source.units] == ["bb"]


# ------------------------------------------------------------------------------- what moves nothing


@given(st.data(), TARGETS, libraries())
def test_the_same_recipe_gives_the_same_cuts_in_any_order_and_state(
    data: st.DataObject, targets: dict[str, int | None], sources: Sources
) -> None:
    chosen = settings(targets)
    fresh = extract(chosen, sources, surveyed(sources))
    records = data.draw(half_done(sources))
    shuffled = tuple(data.draw(st.permutations(sources)))
    mixed = dict(data.draw(st.permutations(list(records.items()))))
    later = extract(chosen, shuffled, mixed)
    assert [entry.source for entry in later.sources] == [entry.source for entry in fresh.sources]
    first, second = recipe(fresh), recipe(later)
    assert all(second[key] == first[key] for key in first.keys() & second.keys())


@given(TARGETS, libraries(), st.integers(min_value=0, max_value=50))
def test_raising_a_target_only_adds(targets: dict[str, int | None], sources: Sources, more: int) -> None:
    raised = {name: None if target is None else target + more for name, target in targets.items()}
    before = recipe(extract(settings(targets), sources, surveyed(sources)))
    after = recipe(extract(settings(raised), sources, surveyed(sources)))
    assert before.items() <= after.items()


@given(st.data(), libraries())
def test_priorities_move_nothing_but_the_order(data: st.DataObject, sources: Sources) -> None:
    chosen = settings(dict.fromkeys(FOLDERS, 40))
    records = surveyed(sources)
    before = extract(chosen, sources, records)
    for source, _ in sources:
        records[source].priority = data.draw(st.one_of(st.none(), st.integers(0, 255)))
    after = extract(chosen, sources, records)
    assert recipe(before) == recipe(after)
    assert [entry.priority for entry in after.sources] == sorted(
        255 if record.priority is None else record.priority for record in records.values()
    )


def test_a_priority_of_zero_set_by_hand_is_not_taken_for_none() -> None:
    sources = (video("aa", {"general": 1.0}, priority=7), video("bb", {"general": 1.0}, priority=3))
    records = surveyed(sources)
    records["aa"].priority = 0
    plan = extract(settings({"general": None}), sources, records)
    assert [(entry.source, entry.priority) for entry in plan.sources] == [("aa", 0), ("bb", 3)]


@given(libraries())
def test_adding_a_category_leaves_the_cuts_of_the_others_alone(sources: Sources) -> None:
    both = settings(dict.fromkeys(FOLDERS))
    without = settings({"general": None, "space": None})
    bare = tuple(
        (source, replace(entry, weights=tuple(pair for pair in entry.weights if pair[0] != "toon")))
        for source, entry in sources
    )
    before = recipe(extract(without, bare, surveyed(sources)))
    after = recipe(extract(both, sources, surveyed(sources)))
    assert before.keys() <= after.keys()
    assert all(after[key][1] == cut and after[key][0][0] == times[0] for key, (times, cut) in before.items())


def test_a_rejected_clip_is_replaced_by_the_next() -> None:
    sources = (video("aa", {"general": 0.5, "toon": 0.5}),)
    chosen, records = settings({"general": 5, "toon": 5}), surveyed(sources)
    before = extract(chosen, sources, records)
    assert sorted(tasks(before, "aa")) == [0, 1, 2, 3, 4]
    extracted(records["aa"]).made = {"general": 0b1, "toon": 0b1}
    extracted(records["aa"]).rejected = 0b100
    extracted(records["aa"]).rejected_for = {"toon": 0b1000}
    after = extract(chosen, sources, records)
    cuts = {k: {cut.category for cut in task.cuts} for k, task in tasks(after, "aa").items()}
    both = {"general", "toon"}
    assert cuts == {1: both, 3: {"general"}, 4: both, 5: both, 6: {"toon"}}
    assert of(after, "aa").key != of(before, "aa").key


# ------------------------------------------------------------------------------------ units and keys


@given(TARGETS, libraries())
def test_stretches_are_short_runs_in_time_order_that_can_be_computed_again(
    targets: dict[str, int | None], sources: Sources
) -> None:
    plan = extract(settings(targets), sources, surveyed(sources))
    for planned in plan.sources:
        units = [unit for unit in planned.units if isinstance(unit, Stretch)]
        assert units == list(planned.units)
        assert all(1 <= len(unit.tasks) <= 16 for unit in units)
        times = [task.windows[0] for unit in units for task in unit.tasks]
        assert times == sorted(times)
        assert pickle.loads(pickle.dumps(units)) == units  # noqa: S301 - just made


@given(TARGETS, libraries())
def test_consecutive_stretches_of_a_film_can_be_joined(
    targets: dict[str, int | None], sources: Sources
) -> None:
    plan = extract(settings(targets), sources, surveyed(sources))
    units = [list(planned.units) for planned in plan.sources]
    for one, other in pairwise(unit for of_film in units for unit in of_film):
        both = joined(one, other)
        if one.source != other.source or len(one.clips) + len(other.clips) > MOST_JOINED_CLIPS:
            assert both is None
            continue
        assert both is not None
        assert both.clips == one.clips + other.clips
        assert both.without(other.clips) == one
        assert both.without(one.clips) == other
        assert joined(other, one) is None


@given(st.data(), TARGETS, libraries())
def test_keys_are_equal_exactly_where_units_are(
    data: st.DataObject, targets: dict[str, int | None], sources: Sources
) -> None:
    chosen = settings(targets)
    records = data.draw(half_done(sources))
    first = extract(chosen, sources, records)
    second = extract(chosen, sources, data.draw(half_done(sources)))
    third = extract(settings(targets), sources[::-1], copy.deepcopy(records))
    for source, _ in sources:
        one, other = of(first, source), of(second, source)
        assert (one.key == other.key) == (list(one.units) == list(other.units))
        assert one.key == of(third, source).key


@given(TARGETS, libraries())
def test_cuts_lie_inside_the_bars_and_no_two_have_one_path(
    targets: dict[str, int | None], sources: Sources
) -> None:
    scope = replace(NO_BARS, picture=Region(0, 280, 3840, 1600))
    records = {
        source: SourceRecord(facts=facts(survey=scope, slug=f"film_{source}")) for source, _ in sources
    }
    plan = extract(settings(targets), sources, records)
    paths = set()
    for _, cut in recipe(plan).values():
        assert contains(cut.picture, cut.region)
        assert contains(whole(cut.frame), cut.picture)
        assert cut.region.size == cut.format.gt
        paths.add((cut.category_folder, cut.format.folder, cut.file_stem))
    assert len(paths) == len(recipe(plan))


def test_scales_are_chosen_for_each_format() -> None:
    sources = (video("aa", {"space": 1.0}),)
    scope = replace(NO_BARS, picture=Region(0, 280, 3840, 1600))
    records = {"aa": SourceRecord(facts=facts(survey=scope, slug="film"))}
    cuts = [cut for _, cut in recipe(extract(settings({"space": None}), sources, records)).values()]
    assert {(cut.format.name, cut.frame) for cut in cuts} == {
        ("small_540", Size(1920, 1080)),
        ("fullhd_1920", Size(2592, 1458)),
    }


def test_units_do_not_carry_the_whole_library() -> None:
    sources = (video("aa", {"general": 1.0}),)
    chosen = settings({"general": None}, videos=(sources[0][1],))
    units = [*of(extract(chosen, sources, surveyed(sources)), "aa").units]
    assert all(isinstance(unit, Stretch) and unit.settings.videos == () for unit in units)


# --------------------------------------------------------------------------- from nothing to stretches


def test_a_film_is_probed_then_surveyed_then_cut() -> None:
    sources = (video("aa", {"general": 0.5, "space": 0.5}),)
    chosen = settings({"general": 4, "space": 4})
    probes = plan_probe(chosen, sources, records={}, missing=frozenset())
    assert list(of(probes, "aa").units) == [Probe("aa", "/films/aa.mkv", chosen)]
    records = {"aa": SourceRecord(facts=facts(survey=None))}
    probes = plan_probe(chosen, sources, records=records, missing=frozenset())
    assert list(of(probes, "aa").units) == []
    (survey,) = of(extract(chosen, sources, records), "aa").units
    assert isinstance(survey, Survey)
    assert survey.survey is None
    assert survey.names_wanted == (
        ("general", "Universal/Learn", "film_aa"),
        ("space", "Space/Learn", "film_aa"),
    )
    records["aa"].facts.update({"survey": survey_to_json(NO_BARS), "slug:general": "film_aa_aa"})
    (survey,) = of(extract(chosen, sources, records), "aa").units
    assert isinstance(survey, Survey)
    assert survey.survey == NO_BARS
    assert survey.names_wanted == (("space", "Space/Learn", "film_aa"),)
    records["aa"].facts["slug:space"] = "film_aa"
    stems = {cut.category: cut.file_stem for cut in tasks(extract(chosen, sources, records), "aa")[0].cuts}
    assert stems["general"].startswith("patch_film_aa_aa_idx0000")
    assert stems["space"].startswith("patch_film_aa_idx0000")


def test_a_film_that_missed_its_probe_is_probed_while_others_are_cut() -> None:
    sources = (video("aa", {"general": 1.0}),)
    chosen = settings({"general": 3})
    planned = of(extract(chosen, sources, {}), "aa")
    assert list(planned.units) == [Probe("aa", "/films/aa.mkv", chosen)]
    assert planned.clips_left == 3


def test_a_finished_film_is_neither_surveyed_nor_probed() -> None:
    sources = (video("aa", {"general": 1.0}),)
    records = {"aa": SourceRecord(stages={EXTRACT: StageRecord(made={"general": 0b111})})}
    planned = of(extract(settings({"general": 3}), sources, records), "aa")
    assert (list(planned.units), planned.clips_made, planned.clips_left) == ([], 3, 0)


# ------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("probe", "survey", "changes", "reason"),
    [
        (
            replace(FILM, coded=Size(320, 240)),
            None,
            {},
            "no format of its categories fits its picture of 320x240",
        ),
        (FILM, replace(NO_BARS, picture=Region(0, 900, 3840, 300)), {}, "fits its picture of 3840x300"),
        (replace(FILM, duration_seconds=0.2), None, {}, "too short: 0.20 s do not hold the 7 frames"),
        (replace(FILM, duration_seconds=0.5, frame_seconds=None), None, {}, "its frame rate is not known"),
        (FILM, replace(NO_BARS, is_interlaced=True), {"interlaced": "refuse"}, "interlaced"),
    ],
)
def test_a_film_that_can_give_nothing_says_why(
    probe: ProbeFacts, survey: SurveyFacts | None, changes: dict[str, Any], reason: str
) -> None:
    sources = (video("aa", {"general": 1.0}),)
    records = {"aa": SourceRecord(facts=facts(probe, survey, slug="film"))}
    planned = of(extract(settings({"general": 3}, **changes), sources, records), "aa")
    assert planned.unusable is not None
    assert reason in planned.unusable
    assert (list(planned.units), planned.clips_left) == ([], 0)


def test_a_crop_outside_the_frame_is_refused_and_one_inside_overrides_the_survey() -> None:
    outside = (video("aa", {"general": 1.0}, crop=Region(0, 0, 3842, 2160)),)
    assert "does not lie in its frame" in str(
        of(extract(settings({"general": 3}), outside, surveyed(outside)), "aa").unusable
    )
    inside = (video("aa", {"general": 1.0}, crop=Region(0, 0, 1440, 2160)),)
    plan = extract(settings({"general": 3}), inside, surveyed(inside))
    assert {cut.picture for _, cut in recipe(plan).values()} == {Region(0, 0, 720, 1080)}
    assert all(unit.survey.picture == Region(0, 0, 1440, 2160) for unit in stretches(plan))


def test_the_share_of_a_format_that_does_not_fit_goes_to_the_others() -> None:
    sources = (video("aa", {"general": 1.0}),)
    probe = replace(FILM, coded=Size(1280, 700))
    survey = replace(NO_BARS, picture=whole(probe.coded))
    records = {"aa": SourceRecord(facts=facts(probe, survey, slug="film"))}
    cuts = [cut for _, cut in recipe(extract(settings({"general": None}), sources, records)).values()]
    assert len(cuts) == 20
    assert {cut.format for cut in cuts} == {SMALL}


def test_thirty_rejections_from_the_start_make_a_film_unusable() -> None:
    sources = (video("aa", {"general": 1.0}), video("bb", {"general": 1.0}))
    chosen, records = settings({"general": 30}, base_frame_limit=100), surveyed(sources)
    extracted(records["aa"]).rejected = (1 << 29) - 1
    assert of(extract(chosen, sources, records), "aa").quotas["general"] == 15
    extracted(records["aa"]).rejected = (1 << 30) - 1
    plan = extract(chosen, sources, records)
    assert of(plan, "aa").unusable == "the first 30 clips were all rejected"
    extracted(records["aa"]).rejections = {"scene cut": 11, "blank picture": 19}
    told = "the first 30 clips were all rejected, most of all: blank picture"
    assert of(extract(chosen, sources, records), "aa").unusable == told
    assert of(plan, "bb").quotas["general"] == 30
    extracted(records["aa"]).made["general"] = 1 << 30
    assert of(extract(chosen, sources, records), "aa").unusable is None


def test_a_file_that_is_not_found_gives_its_seats_up_for_this_run() -> None:
    sources = (video("aa", {"general": 1.0}), video("bb", {"general": 1.0}))
    plan = extract(settings({"general": 10}), sources, surveyed(sources), ["aa"])
    assert of(plan, "aa").unusable == "file not found"
    assert of(plan, "bb").quotas["general"] == 10
    again = extract(settings({"general": 10}), sources, surveyed(sources))
    assert of(again, "bb").quotas["general"] == 5


def test_clips_too_close_are_said_with_the_film_and_the_spacing() -> None:
    sources = (video("aa", {"general": 1.0}),)
    records = {"aa": SourceRecord(facts=facts(replace(FILM, duration_seconds=15.0), slug="film"))}
    plan = extract(settings({"general": None}), sources, records)
    assert plan.warnings == ("Film aa: 20 clips, only 0.75 s apart on average",)


def test_a_format_keeps_the_kernels_margin_inside_the_picture_where_it_fits() -> None:
    sources = (video("aa", {"space": 1.0}),)
    chosen = settings({"space": None}, lr_border="picture", base_frame_limit=200)
    for _, cut in recipe(extract(chosen, sources, surveyed(sources))).values():
        margin = 12 if cut.format == SMALL else 0
        assert cut.picture.x + margin <= cut.region.x
        assert cut.region.x + cut.region.width + margin <= cut.picture.x + cut.picture.width


# ---------------------------------------------------------------------------------------------- names


def test_of_two_films_with_one_name_each_gets_its_id_but_an_owner_keeps_its_name() -> None:
    sources = (
        video("aa", {"general": 1.0}, name="Dune (2021)"),
        video("bb", {"general": 1.0}, name="dune 2021"),
        video("cc", {"general": 1.0}, name="Dune"),
    )
    records = {source: SourceRecord(facts=facts(survey=None)) for source, _ in sources}
    plan = extract(settings({"general": 30}), sources, records)
    assert wanted(plan) == {"aa": "dune_2021_aa", "bb": "dune_2021_bb", "cc": "dune"}
    assert plan.warnings == ("the file name 'dune_2021' is shared: the files of aa, bb carry their id",)
    records["aa"].facts["slug:general"] = "dune_2021"
    plan = extract(settings({"general": 30}), sources, records)
    assert wanted(plan) == {"bb": "dune_2021_bb", "cc": "dune"}
    assert plan.warnings == ("the file name 'dune_2021' is shared: the files of bb carry their id",)


def wanted(plan: Plan) -> dict[str, str]:
    return {
        unit.source: slug
        for source in plan.sources
        for unit in source.units
        if isinstance(unit, Survey)
        for _, _, slug in unit.names_wanted
    }


@given(st.data())
def test_two_plans_in_a_row_settle_every_source(data: st.DataObject) -> None:
    """Make what is planned until nothing is left: the targets are met, and nothing is planned twice."""
    sources = data.draw(libraries())
    chosen = settings(dict.fromkeys(FOLDERS, 25))
    records = surveyed(sources)
    done: set[tuple[str, int, str]] = set()
    while todo := sorted(recipe(extract(chosen, sources, records))):
        assert not done & set(todo)
        for source, index, category in todo[: data.draw(st.integers(1, len(todo)))]:
            made = extracted(records[source]).made
            made[category] = made.get(category, 0) | 1 << index
            done.add((source, index, category))
    plan = extract(chosen, sources, records)
    for name in FOLDERS:
        assert plan.categories[name].planned == len([1 for key in done if key[2] == name])


def test_an_empty_library_has_an_empty_plan() -> None:
    plan = extract(settings({"general": 3}), (), {})
    assert plan.sources == ()
    assert plan.categories["general"].planned == 0


def keyed(*seconds: float, unknown: str | None = None) -> dict[str, Any]:
    pts = tuple(round(1000 * time) for time in seconds)
    found = KeyframeIndex(unknown=unknown) if unknown else KeyframeIndex(Fraction(1, 1000), pts)
    return {**facts(slug="film"), "keyframes": keyframe_index_to_json(found)}


def test_with_key_frames_wanted_a_film_whose_index_is_not_known_is_probed_first() -> None:
    sources = (video("a", {"general": 1.0}),)
    records = {"a": SourceRecord(facts=facts(slug="film"))}
    for sampling, units in (("uniform", []), ("keyframe", ["a"])):
        chosen = settings({"general": None}, sampling=sampling)
        plan = plan_probe(chosen, sources, records=records, missing=())
        assert [unit.source for source in plan.sources for unit in source.units] == units
    (unit,) = of(extract(chosen, sources, records), "a").units
    assert isinstance(unit, Probe)


def test_clips_begin_at_key_frames_of_their_own_and_the_plan_counts_no_more() -> None:
    sources = (video("a", {"general": 1.0}),)
    chosen = settings({"general": 20}, sampling="keyframe")
    records = {"a": SourceRecord(facts=keyed(0.0, 700.0, 700.2, 1500.0, 3599.9))}
    plan = extract(chosen, sources, records)
    planned = tasks(plan, "a")
    assert sorted(task.windows[0] for task in planned.values()) == [0.0, 700.0, 1500.0]
    assert {unit.window.anchor for unit in stretches(plan)} == {0}
    assert plan.categories["general"].planned == 3
    assert "Film a: only 3 of 20 clips find a key frame of their own" in plan.warnings
    uniform = extract(settings({"general": 20}), sources, records)
    assert {unit.window.anchor for unit in stretches(uniform)} == {3}
    assert len(tasks(uniform, "a")) == 20


def test_a_film_without_known_key_frames_is_sampled_evenly_and_the_plan_says_so() -> None:
    sources = (video("a", {"general": 1.0}),)
    records = {"a": SourceRecord(facts=keyed(unknown="no index of key frames in mpegts"))}
    plan = extract(settings({"general": 20}, sampling="keyframe"), sources, records)
    assert recipe(plan) == recipe(extract(settings({"general": 20}), sources, records))
    (warning,) = plan.warnings
    assert warning.startswith("Film a: its clips are spread evenly and do not begin at key frames: no index")


def test_a_device_is_tried_once_per_film_and_kind_and_then_decodes_it() -> None:
    sources = (video("a", {"general": 1.0}),)

    def planned(asked: str, tried: Mapping[str, Any] | None) -> list[Survey | Stretch]:
        known = facts(slug="film") | ({"hwaccel": tried} if tried else {})
        plan = extract(settings({"general": 3}, hwaccel=asked), sources, {"a": SourceRecord(facts=known)})
        units = list(of(plan, "a").units)
        return [unit for unit in units if isinstance(unit, Survey | Stretch)]

    (survey,) = planned("auto", None)
    assert isinstance(survey, Survey)
    assert survey.tries_hardware
    assert survey.survey is not None
    for asked, tried, device in (
        ("auto", {"asked": "auto", "device": "cuda"}, "cuda"),
        ("auto", {"asked": "auto", "device": None, "reason": "cuda: none"}, None),
        ("none", {"asked": "auto", "device": "cuda"}, None),
    ):
        (stretch,) = planned(asked, tried)
        assert isinstance(stretch, Stretch)
        assert stretch.device == device
    (again,) = planned("vaapi", {"asked": "auto", "device": "cuda"})
    assert isinstance(again, Survey)
