"""A contact sheet shows what the files hold, says what is missing, and only reads the dataset."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.pages import HOSTILE, ReadPage, check_needs_nothing
from tui_gen.base.formatting import display_name
from tui_gen.cli.main import main
from tui_gen.contract.job import JobConfig
from tui_gen.contract.registry import read_config
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip, Made, Patch
from tui_gen.engine.run.session import LEDGER_NAME, LOCK_NAME
from tui_gen.engine.storage.ledger import Ledger
from tui_gen.engine.storage.lock import Lock
from tui_gen.jobs.superres.dataset.contact_sheet.pictures import GAP, HEIGHT, drawable
from tui_gen.jobs.superres.extraction.png import encode_png

Image = NDArray[np.uint8]

GT_SIZE, RATIO = 300, 3
CLIPS = 5
FOLDER = "Universal/Mastermodell/Learn/Patches_big"


def picture(index: int) -> Image:
    """Return a ground truth in which every block of 3x3 pixels has a colour of its own."""
    size = GT_SIZE // RATIO
    blocks = np.random.default_rng(index).integers(0, 255, (size, size, 3), dtype=np.uint8)
    return blocks.repeat(RATIO, axis=0).repeat(RATIO, axis=1)


def stack(index: int) -> Image:
    """Return an LR stack whose middle frame is that of `picture`, black above and below."""
    middle = picture(index)[::RATIO, ::RATIO]
    black = np.zeros_like(middle)
    return np.concatenate([black, black, middle, black, black])


def files_of(index: int) -> dict[str, str]:
    return {kind: f"{FOLDER}/{kind.upper()}/patch_film_idx{index:04d}_big.png" for kind in ("gt", "lr")}


def write_dataset(config: JobConfig) -> None:
    """Write patches and a ledger that tells of them."""
    events = [ev.RunStarted(1.0, "superres", {}, "", "", 1, "box", "1")]
    ended: list[ev.Durable] = [*events]
    for index in range(CLIPS):
        files = files_of(index)
        for kind, image in (("gt", picture(index)), ("lr", stack(index))):
            path = config.run.output / files[kind]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_png(image, "rle"))
        record = {
            "format": "big", "x": 3, "y": 6, "width": GT_SIZE, "height": GT_SIZE, "scale": 0.5,
            "files": files, "sha256": {}, "scores": {"flat": 10.0 * index},
        }  # fmt: skip
        clip = {"pts_seconds": 3600.0 + index, "scene_difference": 5.0 - index}
        made = Made(Clip("film-1", index), (Patch("general", 10, record),), 1, 1.0, (), clip)
        ended.append(ev.ClipEnded(2.0 + index, "extract", made))
    config.run.run_folder.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(config.run.run_folder / LEDGER_NAME)
    ledger.append(ended)
    ledger.close()


@pytest.fixture
def config(tmp_path: Path) -> JobConfig:
    """Return a configuration of one film with a hostile name, and make its dataset."""
    settings = {
        "base_settings": {"output_base_dir": "out \udcff"},
        "videos": [{"name": HOSTILE, "path": "/nowhere/a.mkv", "id": "film-1", "categories": {"general": 1}}],
    }
    path = tmp_path / "generator_config.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    config = read_config(path)
    write_dataset(config)
    return config


def tree(config: JobConfig) -> dict[str, str]:
    """Return path -> SHA-256 of everything but the sheet."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(config.run.output.rglob("*"))
        if path.is_file() and "sheet" not in path.parts
    }


def read_sheet(folder: Path) -> ReadPage:
    return check_needs_nothing((folder / "sheet.html").read_text(encoding="utf-8"))


def decoded(path: Path) -> Image:
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


def test_the_page_shows_every_patch_with_its_film_time_format_and_scores(
    config: JobConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(config)
    assert main(["sheet", str(config.run.path)]) == 0
    folder = config.run.run_folder / "sheet"
    assert capsys.readouterr().out == f"{display_name(str(folder / 'sheet.html'))}\n"
    page = read_sheet(folder)
    assert page.words.count(display_name(HOSTILE)) == CLIPS + 4 * 4
    assert "01:00:04, clip 4" in page.text
    assert "big, 300x300 at 3,6, scale 0.5" in page.text
    assert page.words.count("flat, lowest") == 2  # the heading, and the link to it
    assert tree(config) == before


def test_everything_the_page_refers_to_is_there(config: JobConfig) -> None:
    assert main(["sheet", str(config.run.path)]) == 0
    folder = config.run.run_folder / "sheet"
    files = [reference for reference in read_sheet(folder).references if not reference.startswith("#")]
    assert len(files) == 3 * (CLIPS + 4 * 4)
    assert all((folder / reference).is_file() for reference in files)


def test_gt_and_lr_show_the_same_place_pixel_for_pixel(config: JobConfig) -> None:
    assert main(["sheet", str(config.run.path)]) == 0
    pairs = list((config.run.run_folder / "sheet" / "pictures").glob("*-pair.png"))
    assert len(pairs) == CLIPS
    for path in pairs:
        pair = decoded(path)
        assert pair.shape == (HEIGHT, 2 * HEIGHT + GAP, 3)
        # A block of GT is one pixel of LR here, so both halves are the same.
        assert np.array_equal(pair[:, :HEIGHT], pair[:, HEIGHT + GAP :])


def _remove(path: Path) -> None:
    path.unlink()


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def _lock_away(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("kind", ["gt", "lr"])
@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_remove, "missing: "),
        (_empty, "damaged: "),
        (_cut_short, "damaged: "),
        (_lock_away, "cannot be read"),
    ],
)
def test_a_file_that_is_not_there_or_not_whole_is_said(
    config: JobConfig, capsys: pytest.CaptureFixture[str], kind: str, harm: Callable[[Path], None], words: str
) -> None:
    written = files_of(2)[kind]
    harm(config.run.output / written)
    assert main(["sheet", str(config.run.path)]) == 0
    assert words in capsys.readouterr().err
    page = read_sheet(config.run.run_folder / "sheet")
    assert any(word.startswith(words) and word.endswith(written) for word in page.words)
    assert "Files of 1 of them are missing or damaged; tui-gen verify lists all of them." in page.text


def test_a_patch_moved_for_validation_is_found_there(config: JobConfig) -> None:
    for kind, written in files_of(1).items():
        place = config.run.output / "Universal/Mastermodell/Learn/Val" / kind.upper() / Path(written).name
        place.parent.mkdir(parents=True, exist_ok=True)
        (config.run.output / written).rename(place)
    assert main(["sheet", str(config.run.path)]) == 0
    page = read_sheet(config.run.run_folder / "sheet")
    assert not [word for word in page.words if word.startswith("missing")]
    assert any("/Val/GT/" in reference for reference in page.references)


def test_it_works_beside_an_engine(config: JobConfig) -> None:
    lock = Lock(config.run.run_folder / LOCK_NAME)
    try:
        assert main(["sheet", str(config.run.path)]) == 0
    finally:
        lock.release()


def test_no_more_is_shown_than_asked_for_and_a_smaller_sheet_leaves_nothing_of_a_larger(
    config: JobConfig, tmp_path: Path
) -> None:
    folder = tmp_path / "look here"
    command = ["sheet", str(config.run.path), "-o", str(folder), "--per-category"]
    assert main([*command, "5"]) == 0
    assert len(list((folder / "pictures").iterdir())) == 2 * CLIPS
    assert main([*command, "1", "--seed", "7"]) == 0
    page = read_sheet(folder)
    pictures = {reference for reference in page.references if reference.startswith("pictures/")}
    assert {f"pictures/{path.name}" for path in (folder / "pictures").iterdir()} == pictures
    assert page.elements.count("dl") == 5  # one at random, one at each end of two scores
    assert len(list(folder.glob("contact-*.png"))) == 5
    assert "those of seed 7" in page.text


def test_a_folder_with_other_files_is_refused_untouched(
    config: JobConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    (folder / "beach.png").write_bytes(b"x")
    assert main(["sheet", str(config.run.path), "-o", str(folder)]) == 2
    assert "beach.png, which is not a sheet's" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["beach.png"]


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_is_refused_with_a_remedy(
    config: JobConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert main(["sheet", str(config.run.path), "-o", str(tmp_path / place)]) == 2
    assert "choose another folder with -o" in capsys.readouterr().err


def test_without_a_ledger_there_is_nothing_to_show(
    config: JobConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.run.run_folder / LEDGER_NAME).unlink()
    assert main(["sheet", str(config.run.path)]) == 2
    assert "nothing was made here yet" in capsys.readouterr().err


def test_contact_sheets_hold_the_pictures(config: JobConfig) -> None:
    assert main(["sheet", str(config.run.path)]) == 0
    folder = config.run.run_folder / "sheet"
    names = sorted(path.name for path in folder.glob("contact-*.png"))
    assert names[0] == "contact-01-general-random-1.png"
    sheet = decoded(folder / names[0])
    pair = decoded(next((folder / "pictures").glob("*-pair.png")))
    assert any(
        np.array_equal(sheet[top : top + HEIGHT, left : left + 2 * HEIGHT + GAP], pair)
        for top in range(0, sheet.shape[0] - HEIGHT, 1)
        for left in _columns_with(sheet[top], pair[0])
    )


def _columns_with(row: Image, wanted: Image) -> list[int]:
    first = wanted[:4].tobytes()
    return [left for left in range(row.shape[0] - wanted.shape[0]) if row[left : left + 4].tobytes() == first]


def test_text_that_the_font_does_not_know_is_drawn_as_question_marks() -> None:
    drawn: Any = drawable(HOSTILE)
    assert drawn.isascii()
    assert drawn.isprintable()
    assert drawn.startswith("[/red] <script>alert(\"x\")</script> & 'y' ?[2J?gpj.mkv ?")
