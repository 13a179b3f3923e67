"""What is made of a finished dataset: exports, the contact sheet, the preview, the review of groups."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.program import run_inside
from tests.jobs.anime.series import Series, images, named
from tests.pages import check_needs_nothing
from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.jobs.anime.config.load import load_settings
from tui_gen.jobs.anime.config_capabilities import capabilities_of
from tui_gen.jobs.anime.exports.layouts import LAYOUTS
from tui_gen.jobs.anime.work.balance import balanced_folders


def export(series: Series, layout: str, folder: Path, code: int = 0) -> str:
    done = run_inside("export", layout, folder, "-c", series.config)
    assert done.code == code, str(done)
    return done.out + done.err


def repeats_of(series: Series) -> dict[str, int]:
    """Return the repeats by folder, relative to the folder that is balanced."""
    return {each.folder: each.repeats for each in balanced_folders(load_settings(series.config))[1]}


# ------------------------------------------------------------------ exports


def test_kohya_is_given_every_image_with_its_caption_and_the_repeats_of_the_balance(
    made: Series, tmp_path: Path
) -> None:
    target = tmp_path / "kohya"
    export(made, "kohya", target)
    entries = tomllib.loads((target / "dataset.toml").read_text())
    (dataset,) = entries["datasets"]
    assert dataset["resolution"] == 128
    found = {}
    captions = {stem: path.with_suffix(".txt").read_text() for stem, path in named(made.training).items()}
    for subset in dataset["subsets"]:
        place = Path(subset["image_dir"])
        assert place.name.partition("_")[0] == str(subset["num_repeats"])
        for image in images(place):
            found[image.stem] = subset["num_repeats"]
            assert image.with_suffix(".txt").read_text().strip() == captions[image.stem]
    repeats, training = repeats_of(made), made.output / "training"
    assert found == {
        stem: repeats[path.parent.relative_to(training).as_posix()]
        for stem, path in named(made.training).items()
    }
    captions_by_path = json.loads((target / "meta_cap.json").read_text())
    assert {Path(path).stem for path in captions_by_path} == set(found)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_every_layout_holds_every_image_once(made: Series, tmp_path: Path, layout: str) -> None:
    target = tmp_path / layout
    said = export(made, layout, target)
    training = named(made.training)
    assert f"Exported {len(training)} images" in said
    exported = images(target)
    assert sorted(path.stem for path in exported) == sorted(training)
    assert all(path.samefile(training[path.stem]) for path in exported)  # links: no room is taken
    assert all(path.with_suffix(".txt").is_file() for path in exported)
    assert not list(target.parent.glob("*.partial"))


def test_onetrainer_and_ai_toolkit_and_diffusion_pipe_name_folders_that_are_there(
    made: Series, tmp_path: Path
) -> None:
    for layout, file in (
        ("onetrainer", "concepts.json"),
        ("ai-toolkit", "datasets.yaml"),
        ("diffusion-pipe", "dataset.toml"),
    ):
        target = tmp_path / layout
        export(made, layout, target)
        text = (target / file).read_text()
        if layout == "onetrainer":
            pairs = {(each["path"], round(each["balancing"])) for each in json.loads(text)}
        elif layout == "diffusion-pipe":
            pairs = {(each["path"], each["num_repeats"]) for each in tomllib.loads(text)["directory"]}
        else:
            paths = [json.loads(each) for each in re.findall(r"folder_path: (.*)", text)]
            pairs = set(zip(paths, map(int, re.findall(r"num_repeats: (\d+)", text)), strict=True))
        wanted = {folder.replace("/", "~"): repeats for folder, repeats in repeats_of(made).items()}
        assert {(Path(path).name, repeats) for path, repeats in pairs} == set(wanted.items())
        assert all(Path(path).parent == target and images(Path(path)) for path, _ in pairs)


def test_an_export_takes_captions_that_hands_have_edited_and_leaves_out_what_has_none(
    series: Series, tmp_path: Path
) -> None:
    edited, bare, empty = images(series.training)[:3]
    edited.with_suffix(".txt").write_text("my own words")
    bare.with_suffix(".txt").unlink()
    empty.write_bytes(b"")
    said = export(series, "everydream", tmp_path / "out", ExitCode.WITH_GAPS)
    found = named(tmp_path / "out")
    assert found[edited.stem].with_suffix(".txt").read_text() == "my own words\n"
    assert bare.stem not in found
    assert "Left out: 1 image: no caption is beside it" in said
    assert f"{empty.name}: the file is empty" in said


def test_an_unknown_layout_lists_all_and_parts_are_refused(made: Series, tmp_path: Path) -> None:
    said = export(made, "nope", tmp_path / "x", ExitCode.REFUSED)
    assert all(f"\n  {name} " in said for name in LAYOUTS)
    done = run_inside("export", "kohya", tmp_path / "x", "-c", made.config, "--split", "val")
    assert (done.code, "val: a training set of this job has no parts" in done.err) == (2, True)
    assert not (tmp_path / "x").exists()


# ------------------------------------------------------------------ the contact sheet


def test_a_sheet_has_a_section_for_each_group_with_the_typical_images_first(
    made: Series, tmp_path: Path
) -> None:
    done = run_inside("sheet", made.config, "-o", tmp_path / "sheet", "--per-category", "3")
    assert done.code == 0, str(done)
    text = (tmp_path / "sheet" / "sheet.html").read_text()
    check_needs_nothing(text)
    known = json.loads((made.output / ".tui-gen" / "anime" / "groups.json").read_text())["groups"]
    sections = re.split(r"<h2 ", text)[1:]
    by_title = {re.match(r"[^>]*>([^<]*)<", section)[1]: section for section in sections}  # type: ignore[index]
    groups = {folder.name for folder in made.classified.iterdir()}
    assert {title for title in by_title if title in groups} == groups - {"-1_noise"}
    assert any(title.startswith("Noise") for title in by_title) == ("-1_noise" in groups)
    assert "Regularization" in by_title
    for group, each in known.items():
        shown = re.findall(r'alt="([^"]*)"', by_title[group])
        assert shown[: len(each["medoids"])] == each["medoids"]
        assert len(shown) <= len(each["medoids"]) + 3
        assert f"alike {each['cohesion']:.2f}" in by_title[group]
    for picture in re.findall(r'src="([^"]*)"', text):
        assert (tmp_path / "sheet" / picture).stat().st_size < 20_000
    for image in re.findall(r'<a href="(\.\.[^"]*)"', text):
        assert (tmp_path / "sheet" / image).exists()


def test_a_sheet_is_drawn_again_in_place_and_refuses_the_files_of_others(
    made: Series, tmp_path: Path
) -> None:
    folder = tmp_path / "sheet"
    for seed in ("1", "2"):
        assert run_inside("sheet", made.config, "-o", folder, "--per-category", "1", "--seed", seed).code == 0
    shown = set(re.findall(r'src="([^"]*)"', (folder / "sheet.html").read_text()))
    assert shown == {f"pictures/{path.name}" for path in (folder / "pictures").iterdir()}
    (folder / "mine.txt").touch()
    assert run_inside("sheet", made.config, "-o", folder).code == ExitCode.REFUSED


# ------------------------------------------------------------------ the preview and the review


def test_images_of_every_stage_are_drawn_where_they_are_now(made: Series) -> None:
    previewer = capabilities_of(load_settings(made.config)).previewer
    assert previewer is not None
    drawn = {}
    for line in made.ledger():
        for patch in line.get("patches", ()):
            if line["stage"] in {"extract", "crop", "embed", "select", "tag"}:
                picture = previewer.draw(patch, columns=60, rows=16)
                assert len(picture.cells) <= 16
                assert all(len(row) <= 60 for row in picture.cells)
                drawn[line["stage"]] = picture.caption
    assert set(drawn) == {"extract", "crop", "embed", "select", "tag"}
    assert re.search(r"\.webp: \d+x\d+$", drawn["select"])
    with pytest.raises(ValueError, match="the stage survey makes no images"):
        previewer.draw({"format": "survey", "files": {"survey": "window.npz"}}, columns=60, rows=16)
    gone = {"format": "extract", "files": {"x": "intermediate/screenshots/raw/EP1/x.png"}}
    with pytest.raises(FileNotFoundError):
        previewer.draw(gone, columns=60, rows=16)


def test_groups_are_reviewed_and_the_next_run_keeps_what_was_done(series: Series, tmp_path: Path) -> None:
    series.write(character_ref_dir=str(tmp_path))
    settings = load_settings(series.config)
    reviewer = capabilities_of(settings).group_reviewer
    assert reviewer is not None
    first, second, *_ = (group for group in reviewer.groups() if not group.is_noise and group.size > 2)
    reviewer.rename(first.id, "Mizuki")
    typical = [each.id for each in reviewer.members("Mizuki")]
    reviewer.make_reference(typical[:1])
    moved, dropped, *_ = (each.id for each in reviewer.members(second.id))
    reviewer.move([moved], "Rei")
    reviewer.drop([dropped])
    before = images(series.classified)
    reviewer.to_noise([second.id])
    assert images(series.classified) != before
    reviewer.undo()
    assert images(series.classified) == before
    kept = {Path(each).stem for each in typical}
    series.write()
    series.run()
    groups = {group.id: group for group in capabilities_of(settings).group_reviewer.groups()}  # type: ignore[union-attr]
    place = {path.stem: path.parent.name for path in images(series.classified)}
    assert {place[stem] for stem in kept} == {"Mizuki"}
    assert place[Path(moved).stem] == "Rei"
    assert Path(dropped).stem not in place
    assert groups["Mizuki"].is_reference


def test_a_review_before_any_group_and_after_a_removal_says_why_there_is_none(
    series: Series, tmp_path: Path
) -> None:
    settings = load_settings(series.config)
    empty = replace(settings, folders=replace(settings.folders, output=tmp_path))
    with pytest.raises(RefusedError, match="there are no groups yet"):
        capabilities_of(empty).group_reviewer.groups()  # type: ignore[union-attr]
    series.write(remove_intermediate=True)
    series.run()
    with pytest.raises(RefusedError, match=r"were removed \(remove_intermediate\)"):
        capabilities_of(settings).group_reviewer.groups()  # type: ignore[union-attr]
    assert run_inside("sheet", series.config).code == 0
