"""What `check` says of models, episodes and folders of images, and what it keeps for a run."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.acceptance.program import run_inside
from tests.jobs.anime.series import Series, draw_series, images
from tui_gen.contract.inspect import Condition, Inspected, Inspection
from tui_gen.engine.run.session import replay
from tui_gen.jobs.anime import capabilities, read_config
from tui_gen.jobs.anime.looking.conditions import reference_conditions, series_conditions
from tui_gen.jobs.anime.looking.inspection import inspection_of
from tui_gen.jobs.anime.sources import Source


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the episode and the pictures of the series."""
    folder = tmp_path_factory.mktemp("drawn") / "series"
    draw_series(folder)
    return folder


@pytest.fixture
def fresh(drawn: Path, tmp_path: Path) -> Series:
    """Return the series without a dataset, with faults: a torn video, a torn image and one that is none."""
    fresh = Series(tmp_path / "fresh")
    shutil.copytree(drawn, fresh.folder)
    (fresh.folder / "series" / "Small Series - 02.mkv").write_bytes(b"no video")
    picture = images(fresh.folder / "pictures")[0]
    (fresh.folder / "pictures" / "torn.png").write_bytes(picture.read_bytes()[:500])
    (fresh.folder / "pictures" / "empty.jpg").write_bytes(b"")
    fresh.write()
    return fresh


def inspection(series: Series) -> Inspection:
    inspector = read_config(series.config).capabilities.inspector
    assert inspector is not None
    state, _ = replay(series.output / ".tui-gen")
    return inspector.inspection(state.records)


def looked_at(series: Series) -> dict[str, Inspected]:
    found = inspection(series)
    return {source: asyncio.run(found.look(source)) for source in found.sources}


def conditions(series: Series) -> dict[str, Condition]:
    return {each.what: each for each in inspection(series).conditions}


def test_models_are_named_with_their_licences_and_how_to_get_better_ones(fresh: Series) -> None:
    found = conditions(fresh)
    assert {each.level for each in found.values()} == {"good"}
    assert "embedded face detector" in found["detector"].says
    assert "(licence: Apache-2.0)" in found["detector"].says
    for kind in ("detector", "embedder", "tagger"):
        assert "below models.dir" in found[kind].says, kind
    fresh.write(models={"tagger": "wd-swinv2-tagger-v3"})
    wrong = conditions(fresh)["models"]
    assert wrong.level == "wrong"
    assert "models.tagger" in wrong.says


def test_the_machine_is_examined_without_a_configuration() -> None:
    tools = capabilities().tools
    assert tools is not None
    assert {each.what for each in tools()} == {"ffmpeg", "detector", "embedder", "tagger", "onnxruntime"}


def test_an_episode_is_probed_as_in_a_run(fresh: Series) -> None:
    episode = looked_at(fresh)["EP1"]
    assert (episode.state, episode.remarks) == ("good", ())
    assert episode.cells == {"id": "EP1", "length": "4s", "size": "640x360", "fps": "12", "codec": "h264"}
    assert episode.record["is_interlaced"] is False
    assert [stage for stage, _ in episode.learned] == ["probe"]


def test_a_file_that_cannot_be_read_and_one_that_is_gone_say_why(fresh: Series) -> None:
    found = looked_at(fresh)["EP2"]
    assert (found.state, found.reason) == ("unusable", "not a video file")
    settings = read_config(fresh.config).settings
    (fresh.folder / "series" / "Small Series - 02.mkv").unlink()
    gone = asyncio.run(inspection_of(settings, {}).look("EP2"))
    assert (gone.state, gone.reason, gone.learned) == ("missing", "file not found", ())


def test_images_of_a_folder_are_counted_and_broken_ones_are_named(fresh: Series) -> None:
    folder = looked_at(fresh)["pictures"]
    assert (folder.state, folder.cells) == ("flawed", {"id": "pictures", "images": "14"})
    assert folder.reason == "2 of 14 images cannot be read"
    assert "empty.jpg, torn.png" in folder.remarks[0]


def test_a_run_after_a_check_does_not_probe_again(fresh: Series) -> None:
    done = run_inside("check", fresh.config)
    assert done.code == 3  # one file is no video
    assert "PARTLY USABLE: 2 of 14 images cannot be read" in done.out
    kept = [line for line in fresh.ledger() if line["kind"] in {"facts", "unusable"}]
    assert {(line["kind"], line["source"]) for line in kept} >= {("facts", "EP1"), ("unusable", "EP2")}
    assert all("hand" not in str(line) for line in kept)
    again = looked_at(fresh)
    assert (again["EP1"].state, again["EP1"].learned) == ("good", ())
    assert (again["EP2"].state, again["EP2"].learned) == ("unusable", ())
    fresh.write(end_stage="extract")
    fresh.run(code=3)
    probed = [line for line in fresh.ledger() if line["kind"] == "facts" and "probe" in line["facts"]]
    assert len(probed) == 1


def test_a_file_that_was_cut_off_and_is_whole_now_is_used(fresh: Series) -> None:
    broken = fresh.folder / "series" / "Small Series - 02.mkv"
    assert run_inside("check", fresh.config).code == 3
    assert looked_at(fresh)["EP2"].reason == "not a video file"
    broken.write_bytes((fresh.folder / "series" / "Small Series - 01.mkv").read_bytes())
    assert looked_at(fresh)["EP2"].state == "good"
    assert conditions(fresh)["ffmpeg"].level == "good"
    assert "episodes" not in conditions(fresh)
    for name in ("torn.png", "empty.jpg"):
        (fresh.folder / "pictures" / name).unlink()
    fresh.write(end_stage="survey")
    fresh.run()
    broken.write_bytes(b"another one")
    lines = len(fresh.ledger())
    done = run_inside("check", fresh.config)  # now there is a survey of the file before
    assert "another file than the one that its frames are of" in done.out
    assert "EP2 is" in conditions(fresh)["episodes"].says
    assert not [line for line in fresh.ledger()[lines:] if line.get("source") == "EP2"]
    fresh.run(code=2)


def test_a_plan_counts_the_windows_of_episodes_that_were_never_looked_at(fresh: Series, made: Series) -> None:
    lines = run_inside("plan", fresh.config).out.splitlines()
    assert "Stage survey:" in lines
    assert "Steps:  1 to make, 0 made" in lines
    assert not fresh.output.exists()
    waiting = [
        line for line in lines if line.startswith("These stages cannot be planned before stage survey")
    ]
    assert waiting[0].endswith(
        ": choose, extract, crop, embed, classify, select, tag, caption, arrange, balance"
    )
    done = run_inside("plan", made.config).out
    number = len(images(made.training))
    assert f"Stage select: {number} made, nothing left\nStage tag: {number} made" in done
    assert "Stage balance: made, nothing left" in done


def test_titles_that_share_a_prefix_may_be_several_series() -> None:
    names = ("Frieren - 01.mkv", "Frieren - 02.mkv", "Oshi no Ko - 01.mkv", "a film.mkv")
    sources = [Source(f"EP{n}", f"/anime/{name}", "episode", "", n) for n, name in enumerate(names)]
    (mixed,) = series_conditions(sources)
    assert mixed.level == "warning"
    assert "2 titles with no prefix: frieren (2), oshi no ko (1)" in mixed.says
    assert not list(series_conditions(sources[:2]))


def test_references_are_counted_by_character(tmp_path: Path) -> None:
    for name in ("Rei/a.png", "Rei/b.png", "Mizuki/a.png", "_c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (found,) = reference_conditions(tmp_path)
    assert found.level == "warning"
    assert "3 images of 2 characters" in found.says
    assert "_c.png names no character" in found.says
    assert not list(reference_conditions(None))
    assert next(reference_conditions(tmp_path / "none")).level == "warning"
