"""What docs/videomnist.md says is so: keys, motions, captions, datasets, layouts, and the code in it runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import h5py
import pytest
from pydantic_core import PydanticUndefined

from benchmarks.motions import PICTURES, name_of, picture
from tests.jobs.videomnist.dataset.datasets import layout_of, making_up, write_file
from tui_gen.base.exit_codes import ExitCode
from tui_gen.config.key_meanings import meanings
from tui_gen.jobs.videomnist.config import schema
from tui_gen.jobs.videomnist.config.load import load_settings
from tui_gen.jobs.videomnist.config.recipe import recipe_of
from tui_gen.jobs.videomnist.dataset.assemble import assemble
from tui_gen.jobs.videomnist.dataset.export.layouts import LAYOUTS
from tui_gen.jobs.videomnist.dataset.video_format import VideoFormat
from tui_gen.jobs.videomnist.digits.find import VARIABLE, WAYS
from tui_gen.jobs.videomnist.model import MOTIONS, VideoKey
from tui_gen.jobs.videomnist.motion.box import Box
from tui_gen.jobs.videomnist.motion.captions import CLAUSES
from tui_gen.jobs.videomnist.motion.trajectories import MOTION_FUNCTIONS, PARAMETER_NAMES, Course
from tui_gen.jobs.videomnist.planning import ROOM_PER_DIGIT

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "videomnist.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows(text: str, first: str) -> dict[str, list[str]]:
    """Return the other cells of the table whose first heading is given, by the first cell."""
    table = re.search(rf"^\| {first} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table is not None, first
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in table[1].splitlines()]
    return {name: others for name, *others in cells}


# ------------------------------------------------------------------ the configuration


def default_of(value: object) -> str:
    if value is PydanticUndefined:
        return "required"
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    return f"`{json.dumps(number)}`"


def test_every_key_has_its_row_as_the_schema_has_it() -> None:
    told, meaning = rows(section("The configuration"), "key"), meanings(schema.ConfigFile)
    for name, field in schema.ConfigFile.model_fields.items():
        row = [field.description, default_of(field.default), meaning[name]]
        assert told.pop(f"`{name}`", None) == row, (
            f"the row must be: | `{name}` | {' | '.join(map(str, row))} |"
        )
    assert not told


def test_the_keys_that_decide_bytes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text('{"job": "videomnist", "output_dir": "o"}', encoding="utf-8")
    decide = set(recipe_of(load_settings(path), "")) - {"rules", "frames"} | {
        "sequence_length",
        "spare_frames",
    }
    (sentence,) = re.findall(
        r"^These keys decide the bytes of the videos: (.*?)\. All other", PAGE, re.DOTALL | re.MULTILINE
    )
    assert set(re.findall(r"`(\w+)`", sentence)) == decide


@pytest.mark.parametrize("block", re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
def test_configurations_load(block: str, tmp_path: Path) -> None:
    path = tmp_path / "generator_config.json"
    path.write_text(block, encoding="utf-8")
    assert load_settings(path).run_folder.is_relative_to(tmp_path)


def test_the_ways_to_digits_are_those_that_the_program_names() -> None:
    told = section("The digits")
    assert VARIABLE in told
    for way in WAYS:
        assert re.split(r"\s{2,}", way)[0] in told


def test_the_room_that_digits_need_is_the_one_that_plan_names() -> None:
    assert f"{ROOM_PER_DIGIT} pixels for each digit" in section("Several digits")


# ------------------------------------------------------------------ motions and captions


def test_every_motion_has_its_rows() -> None:
    assert list(rows(section("The motions"), "motion")) == [f"`{motion}`" for motion in MOTIONS]
    numbers = dict(re.findall(r"(\d+) (\w+)", rows(section("The HDF5 file"), "dataset")["`motion`"][2]))
    assert [numbers[str(number)] for number in range(len(MOTIONS))] == list(MOTIONS)
    params = rows(section("The HDF5 file"), "motion")
    assert {name: tuple(re.findall(r"`(\w+)`", cells[0])) for name, cells in params.items()} == {
        f"`{motion}`": names for motion, names in PARAMETER_NAMES.items()
    }


@pytest.mark.parametrize("motion", MOTIONS)
def test_the_picture_of_a_motion_is_drawn_from_its_trajectory(motion: str) -> None:
    drawn = (PICTURES / name_of(motion)).read_text(encoding="utf-8")
    assert drawn == picture(motion), "renew it: PYTHONPATH=. python benchmarks/motions.py"


def test_captions_are_quoted() -> None:
    told = rows(section("Captions"), "motion")
    assert list(told) == [f"`{motion}`" for motion in MOTIONS]
    for motion, clause in CLAUSES.items():
        tracks = (
            MOTION_FUNCTIONS[motion](Course(Random(seed), Box(0, 9, 0, 9), 17, 0)) for seed in range(100)
        )
        assert set(re.findall(r"`([^`]+)`", told[f"`{motion}`"][0])) == {clause(track) for track in tracks}


# ------------------------------------------------------------------ files


def types_of(path: Path) -> dict[str, str]:
    with h5py.File(path) as file:
        return {
            name.removeprefix("train_"): "S" if data.dtype.kind == "S" else str(data.dtype)
            for name, data in file.items()
            if name.startswith("train_")
        }


def test_every_dataset_and_attribute_of_the_file_is_described(tmp_path: Path) -> None:
    form = VideoFormat(3, 9, slots=2, has_masks=True)
    left_out = frozenset({VideoKey("train", 3, 0)})
    path = assemble(tmp_path / "a.h5", layout_of(2, form=form, left_out=left_out), making_up(form)).path
    told = rows(section("The HDF5 file"), "dataset")
    types = {name.strip("`"): re.findall(r"`(\w+)`", cells[0])[0] for name, cells in told.items()}
    assert types == types_of(path)
    named = " ".join(rows(section("The HDF5 file"), "attribute"))
    with h5py.File(path) as file:
        assert set(re.findall(r"`(\w+)`", named)) == set(file.attrs)


def test_the_code_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    write_file(tmp_path / "videomnist.h5", 1)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/videomnist.md", "exec"), {})  # noqa: S102 - it is the page's
    assert "3 digit 3 is" in capsys.readouterr().out


def test_every_layout_and_exit_code_is_described() -> None:
    assert set(rows(section("Exports"), "layout")) == {f"`{name}`" for name in LAYOUTS}
    codes = {int(code) for code in rows(section("Errors and exit codes"), "code")}
    assert codes <= set(ExitCode)
