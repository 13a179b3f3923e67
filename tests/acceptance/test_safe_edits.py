"""A configuration may change between runs: nothing made is repeated, confused, overwritten or lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Configure, Films, Here, write_config
from tests.acceptance.program import TINY, Dataset, check_whole, entry, environment
from tui_gen.jobs.superres.config.recipe import LEGACY_RECIPE

Settings = dict[str, Any]
TARGETS = {"general": 10, "space": 5}
SYSTEM_FFMPEG = Path("/usr/bin/ffmpeg")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory, two_films: list[dict[str, Any]]) -> Dataset:
    """Return a run that was ended in the middle: six of its fifteen patches or so are made."""
    data = write_config(tmp_path_factory.mktemp("begun"), two_films, name="one", targets=TARGETS)
    data.complete("--limit", "5")
    check_whole(data)
    assert 0 < len(data.made()) < sum(TARGETS.values())
    return data


@pytest.fixture(scope="module")
def in_one_go(tmp_path_factory: pytest.TempPathFactory, two_films: list[dict[str, Any]]) -> Dataset:
    """Return the same configuration run to its end, undisturbed."""
    data = write_config(tmp_path_factory.mktemp("whole"), two_films, name="one", targets=TARGETS)
    data.complete()
    return data


def copied(data: Dataset, folder: Path) -> Dataset:
    shutil.copytree(data.output, folder / data.output.name)
    return Dataset(Path(shutil.copy(data.config, folder)))


@pytest.fixture
def half_done(begun: Dataset, tmp_path: Path) -> Dataset:
    """Return a copy of the run that was ended in the middle, which a test may go on with."""
    return copied(begun, tmp_path)


def undisturbed(configure: Configure, data: Dataset) -> dict[str, str]:
    """Return the files of the same configuration run in one go, in another folder."""
    settings = data.settings
    fresh = configure(settings["videos"], name="undisturbed", targets=settings["category_targets"])
    fresh.edit(
        lambda its: its["base_settings"].update(
            base_frame_limit=settings["base_settings"]["base_frame_limit"]
        )
    )
    fresh.complete()
    return fresh.tree()


def go_on(data: Dataset, *flags: str, code: int = 0) -> None:
    """Run to the end and see that what stood there still stands as it did."""
    before = data.stamps()
    data.complete(*flags, code=code)
    after = data.stamps()
    assert {path: after.get(path) for path in before} == before, "a file was written again or is gone"
    check_whole(data)


# ------------------------------------------------------------------ edits that only add


@pytest.mark.soak
def test_reordered_videos_with_other_priorities_give_the_same_files(
    half_done: Dataset, in_one_go: Dataset
) -> None:
    def reorder(settings: Settings) -> None:
        settings["videos"].reverse()
        for priority, video in enumerate(settings["videos"]):
            video["priority"] = 200 - 100 * priority

    half_done.edit(reorder)
    go_on(half_done)
    assert half_done.tree() == in_one_go.tree()


def test_a_video_added_with_priority_0_comes_first_and_moves_nothing(
    half_done: Dataset, films: Films
) -> None:
    before = half_done.made()
    added = entry(films.gamma, "Gamma", {"toon": 0.4}, priority=0)
    half_done.edit(lambda settings: settings["videos"].append(added))
    go_on(half_done, "--workers", "1")
    made = half_done.made()
    assert made[: len(before)] == before
    assert [category for _, category in made[len(before) : len(before) + 4]] == ["toon"] * 4
    assert "toon" not in {category for _, category in made[len(before) + 4 :]}
    assert half_done.count("GT", "patch_gamma_*") == 4


def test_a_video_added_to_a_category_with_a_target_takes_only_free_seats(
    half_done: Dataset, films: Films
) -> None:
    added = entry(films.gamma, "Gamma", {"general": 1.0}, priority=0)
    half_done.edit(lambda settings: settings["videos"].append(added))
    go_on(half_done)
    stats = half_done.status()["category_stats"]
    assert {name: stats[name]["images_created"] for name in TARGETS} == TARGETS
    assert half_done.count("GT", "patch_gamma_*") > 0


@pytest.mark.soak
def test_a_category_added_to_a_half_done_video_gets_its_patches(
    half_done: Dataset, configure: Configure
) -> None:
    # Which film gave more before the run was ended is chance.
    names = [str(video["name"]) for video in half_done.settings["videos"]]
    given = {name: half_done.count("GT", f"patch_{name.lower()}_*") for name in names}
    film = max(names, key=given.__getitem__)

    def add(settings: Settings) -> None:
        settings["videos"][names.index(film)]["categories"]["toon"] = 0.6
        settings["category_targets"]["toon"] = 6

    half_done.edit(add)
    go_on(half_done)
    assert half_done.count("GT", f"patch_{film.lower()}_*_tiny") >= 6
    # A clip has a line for what it gave before, and another for the category that came later.
    lines = [line["id"] for line in half_done.ledger() if line["kind"] == "clip"]
    assert len(lines) > len(set(lines))
    assert half_done.tree() == undisturbed(configure, half_done)


@pytest.mark.soak
def test_a_library_that_moved_goes_on_under_its_new_paths(library: Films, configure: Configure) -> None:
    videos = [
        entry(library.alpha, "Alpha", {"general": 0.5, "space": 0.5}),
        entry(library.beta, "Beta", {"general": 1.0}),
    ]
    data = configure(videos, targets=TARGETS)
    reference = undisturbed(configure, data)
    data.complete("--limit", "5")
    moved = library.folder.with_name("elsewhere")
    library.folder.rename(moved)

    def follow(settings: Settings) -> None:
        for video in settings["videos"]:
            video["path"] = str(moved / Path(video["path"]).name)

    data.edit(follow)
    go_on(data)
    assert data.tree() == reference
    assert set(data.status()["video_checkpoints"]) == {
        line["source"] for line in data.ledger() if "source" in line
    }


@pytest.mark.soak
def test_a_raised_target_and_limit_add_and_keep(
    two_films: list[dict[str, Any]], configure: Configure
) -> None:
    # The limit alone holds back the category without a target.
    data = configure(two_films, targets={"general": 10}, base_frame_limit=6)
    data.complete()
    few = data.tree()

    def more(settings: Settings) -> None:
        settings["base_settings"]["base_frame_limit"] = 9
        settings["category_targets"] = {"general": 13}

    data.edit(more)
    go_on(data)
    for category in ("General", "Space"):
        assert sum(path.startswith(category) for path in data.tree().keys() - few.keys()) >= 3
    assert data.tree() == undisturbed(configure, data)


def test_a_lowered_target_deletes_nothing(in_one_go: Dataset, tmp_path: Path) -> None:
    data = copied(in_one_go, tmp_path)
    before = data.tree()
    data.edit(lambda settings: settings.update(category_targets={"general": 2, "space": 1}))
    go_on(data)
    assert data.tree() == before


@pytest.mark.soak
def test_a_video_taken_out_keeps_its_patches_and_its_seats(half_done: Dataset) -> None:
    made = sum(1 for _, category in half_done.made() if category == "general")
    assert half_done.count("GT", "patch_beta_*") > 0
    half_done.edit(lambda settings: settings["videos"].pop(1))
    go_on(half_done, code=0)
    stats = half_done.status()["category_stats"]["general"]
    assert made < stats["images_created"] == 10


@pytest.mark.soak
def test_a_film_that_was_replaced_is_another_film(library: Films, configure: Configure) -> None:
    data = configure([entry(library.alpha, "Alpha", {"general": 0.5})])
    data.complete()
    (first,) = data.status()["video_checkpoints"]
    library.alpha.unlink()
    shutil.copy(library.gamma, library.alpha)
    done = data.complete()
    assert "another film" in done.err
    check_whole(data)
    (second,) = data.status()["video_checkpoints"]
    assert first != second
    assert data.count("GT", "patch_alpha_idx*") == 5
    assert data.count("GT", f"patch_alpha_{second}_idx*") == 5


# ------------------------------------------------------------------ edits that would mix recipes


def kernel(settings: Settings) -> None:
    settings["lr_kernel"] = "area"


def seed(settings: Settings) -> None:
    settings["seed"] = 5


def format_size(settings: Settings) -> None:
    for formats in settings["format_config"].values():
        formats["tiny"] = {**TINY["tiny"], "gt_size": [48, 48], "lr_size": [16, 16]}


def chroma(settings: Settings) -> None:
    settings["chroma"] = "444"


def share(settings: Settings) -> None:
    settings["format_config"]["general"]["tiny"]["probability"] = 0.9


def crop(settings: Settings) -> None:
    settings["videos"][0]["crop"] = [0, 0, 600, 300]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (kernel, "lr_kernel: 'bicubic' -> 'area'"),
        (seed, "seed: 0 -> 5"),
        (format_size, "[96, 96]"),
        (chroma, "chroma: '420' -> '444'"),
        (share, "distribution of general"),
        (crop, "crop of "),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_changed_recipe_is_refused_and_the_difference_named(
    change: Callable[[Settings], None], named: str, half_done: Dataset, here: Here
) -> None:
    before, ledger = half_done.stamps(), half_done.ledger_path.read_bytes()
    half_done.edit(change)
    done = here("run", half_done.config)
    assert done.code == 2, str(done)
    assert named in done.err
    assert "--mix" in done.err
    assert "--fresh" in done.err
    assert "Traceback" not in done.err
    assert half_done.stamps() == before
    assert half_done.ledger_path.read_bytes() == ledger


def test_mix_goes_on_with_a_changed_recipe_and_rewrites_nothing(half_done: Dataset) -> None:
    half_done.edit(kernel)
    go_on(half_done, "--mix")
    assert len(half_done.made()) == sum(TARGETS.values())


def as_written_by_an_earlier_version(data: Dataset) -> None:
    """Take the recipe keys that the first version did not have out of the ledger."""
    lines = [json.loads(line) for line in data.ledger_path.read_bytes().splitlines()]
    for line in lines:
        if "recipe" in line:
            line["recipe"] = {key: line["recipe"][key] for key in line["recipe"] if key not in LEGACY_RECIPE}
    data.ledger_path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def test_a_run_folder_of_an_earlier_version_goes_on_with_mix_alone_where_the_rules_have_changed(
    half_done: Dataset, here: Here
) -> None:
    as_written_by_an_earlier_version(half_done)
    refused = here("run", half_done.config)
    assert refused.code == 2, str(refused)
    differences = [line for line in refused.err.splitlines() if " -> " in line]
    assert differences == ["  colour_rules: 1 -> 2"]
    go_on(half_done, "--mix")


@pytest.mark.soak
def test_a_setting_that_an_earlier_version_did_not_have_is_refused(half_done: Dataset, here: Here) -> None:
    as_written_by_an_earlier_version(half_done)
    half_done.edit(lambda settings: settings.update(crop_choice="detail"))
    refused = here("run", half_done.config)
    assert refused.code == 2, str(refused)
    assert "crop_choice: 'uniform' -> 'detail'" in refused.err
    checked = here("check", "--json", half_done.config)
    assert "crop_choice: 'uniform' -> 'detail'" in checked.out, str(checked)


def test_another_ffmpeg_is_another_recipe(half_done: Dataset) -> None:
    if not SYSTEM_FFMPEG.exists():
        pytest.skip("no second ffmpeg at /usr/bin/ffmpeg")
    done = half_done.run(env=environment(TUI_GEN_FFMPEG=str(SYSTEM_FFMPEG)))
    assert done.code == 2, str(done)
    assert "ffmpeg: " in done.err
