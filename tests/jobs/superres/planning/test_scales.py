"""What the plan says and estimates of LR at other scales."""

from dataclasses import replace

import pytest

from tests.jobs.superres.planning.test_plan import FOLDERS, extract, facts, settings, stretches, video
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.jobs.superres.config.defaults import built_in_formats
from tui_gen.jobs.superres.config.settings import Category, Scale, Settings
from tui_gen.jobs.superres.planning.clip_cost import COST, ClipCost, recorded_cost
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.media.geometry import Region, Size

FILMS = (video("a", {"general": 1.0}),)
RECORDS = {"a": SourceRecord(facts=facts(slug="a"))}


def scaled(name: str, scale: Scale, lr_scales: tuple[Scale, ...]) -> Settings:
    form = built_in_formats(scale, lr_scales)[name]
    category = Category("general", FOLDERS["general"], 5, ((form, 1.0),))
    chosen = settings({"general": 5}, scale=scale, lr_scales=lr_scales)
    return replace(chosen, categories={"general": category})


@pytest.mark.parametrize(
    ("name", "scale", "lr_scales", "notes"),
    [
        ("medium_169", 3, (), ()),
        ("small_540", 4, (2, 3), ()),
        ("medium_169", 2, (), ("sizes: medium_169 is 720x404, not 720x405: GT divides by 2",)),
        ("xlarge_1440", 3, (4,), ("sizes: xlarge_1440 is 1440x804, not 1440x810: GT divides by 3 and 4",)),
    ],
)
def test_a_format_of_another_size_is_told_in_one_line(
    name: str, scale: Scale, lr_scales: tuple[Scale, ...], notes: tuple[str, ...]
) -> None:
    assert extract(scaled(name, scale, lr_scales), FILMS, RECORDS).notes == notes


def test_further_scales_count_as_files_and_bytes() -> None:
    plan = extract(scaled("small_540", 3, (2,)), FILMS, RECORDS).categories["general"]
    pixels = 540 * 540 + 12 * 180 * 180 + 12 * 270 * 270
    assert plan.files_per_patch == 5
    assert plan.estimated_patch_bytes == pytest.approx(3 * pixels * 0.5)


def test_crops_keep_the_margin_of_the_largest_scale_from_the_edge() -> None:
    form = PatchFormat("large", Size(1920 - 48, 1080 - 48), Size(624, 344), "Patches_large", "_large")
    category = Category("general", FOLDERS["general"], 5, ((form, 1.0),))
    chosen = settings({"general": 5}, lr_scales=(2, 4), lr_border="picture")
    plan = extract(replace(chosen, categories={"general": category}), FILMS, RECORDS)
    regions = {cut.region for unit in stretches(plan) for task in unit.tasks for cut in task.cuts}
    assert regions == {Region(24, 24, 1920 - 48, 1080 - 48)}


def test_a_measured_cost_counts_at_its_own_scales_alone() -> None:
    cost = ClipCost(0.5, 0.25, 0.125)
    plain = settings({"general": 5})
    recorded = dict(cost.to_json(plain))
    for basis in (recorded["of"], {k: v for k, v in recorded["of"].items() if "scale" not in k}):
        known = {COST: {**recorded, "of": basis}}
        assert recorded_cost(plain, known) == cost
        assert recorded_cost(replace(plain, scale=2), known) is None
        assert recorded_cost(replace(plain, lr_scales=(4,)), known) is None
