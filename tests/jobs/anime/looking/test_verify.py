"""What `verify` says of images: whole, damaged, gone, and what hands did to them."""

from __future__ import annotations

import shutil
import struct
import zlib

import cv2
import numpy as np
import pytest

from tests.acceptance.program import run_inside
from tests.jobs.anime.series import Series, images, named
from tui_gen.base.exit_codes import ExitCode
from tui_gen.jobs.anime.images.metadata import metadata_name
from tui_gen.jobs.anime.images.whole_image import fault_of

PICTURE = np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)


def file_of(extension: str) -> bytes:
    return cv2.imencode(extension, PICTURE)[1].tobytes()


@pytest.mark.parametrize("extension", [".png", ".webp", ".jpg", ".bmp"])
def test_a_whole_image_has_no_fault_and_a_cut_one_has(extension: str) -> None:
    data = file_of(extension)
    assert fault_of(data) == ""
    assert fault_of(data[: len(data) * 2 // 3]) in {"cut off", "no image that can be read"}
    assert fault_of(b"") == "empty"
    assert fault_of(b"some words") == "no image that can be read"


def test_a_png_with_a_changed_byte_is_damaged_though_it_may_be_decoded() -> None:
    data = bytearray(file_of(".png"))
    data[len(data) // 2] ^= 1
    assert fault_of(bytes(data)) == "a part has another checksum than it states"
    whole = bytearray(file_of(".png"))
    chunk = b"tEXtmore words"
    whole[-12:-12] = struct.pack(">I", 10) + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert fault_of(bytes(whole)) == ""  # a program that adds a text leaves a whole image


def test_a_finished_dataset_is_whole(made: Series) -> None:
    done = run_inside("verify", made.config)
    assert done.code == 0
    assert done.out == ""
    assert ": all whole." in done.err
    assert "by hand" not in done.err
    few = run_inside("verify", made.config, "--sample", "5")
    assert "Checked 5 images: all whole." in few.err


def test_damage_is_told_and_hand_work_is_no_damage(series: Series) -> None:
    training, crops = images(series.training), images(series.cropped / "pictures")
    training[0].write_bytes(training[0].read_bytes()[:-40])
    training[1].write_bytes(b"")
    edited, moved, deleted, frame = training[2], training[3], training[4], images(series.raw / "pictures")[0]
    edited.write_bytes(file_of(".webp"))
    (series.training / "best").mkdir()
    moved.rename(series.training / "best" / moved.name)
    deleted.unlink()
    frame.rename(frame.with_name("another name.png"))
    crops[0].rename(named(series.classified)[crops[0].stem])  # out of cropped/, over its own link
    (series.raw / "new.png").write_bytes(file_of(".png"))
    (series.training / "notes.md").write_text("mine")
    (series.raw / metadata_name("gone.png")).write_text("{}")
    done = run_inside("verify", series.config)
    assert done.code == ExitCode.DAMAGE, str(done)
    lines = done.out.splitlines()
    place = [path.relative_to(series.output).as_posix() for path in training[:2]]
    assert f"{place[0]}: damaged: cut off" in lines
    assert f"{place[1]}: damaged: empty" in lines
    raw = series.raw.relative_to(series.output).as_posix()
    strays = (f"{raw}/.gone_meta.json", f"{raw}/new.png", "training/screenshots/notes.md")
    assert lines[2:] == [f"{stray}: in no line of the ledger" for stray in strays]
    assert "2 images missing or damaged" in done.err
    assert "1 of them deleted by hand" in done.err
    assert "1 of them edited by hand" in done.err
    assert "3 of them moved or renamed by hand" in done.err
    assert done.err.endswith("--repair\n")


def test_images_that_are_not_wanted_any_more_are_not_missing(series: Series) -> None:
    series.write(n_anime_reg=0, cropped_in_dataset=False)
    series.run()
    done = run_inside("verify", series.config)
    assert (done.code, done.out) == (0, "")
    assert "deleted" not in done.err


def test_a_folder_that_is_gone_is_made_again_by_a_run(series: Series) -> None:
    shutil.rmtree(series.cropped)
    shutil.rmtree(series.classified)
    done = run_inside("verify", series.config)
    assert done.code == ExitCode.DAMAGE
    assert "missing with the whole folder: the next run makes it again" in done.out


def test_nothing_is_written(series: Series) -> None:
    images(series.training)[0].write_bytes(b"")
    before, lines = series.stamps(), len(series.ledger())
    run_inside("verify", series.config)
    assert (series.stamps(), len(series.ledger())) == (before, lines)


def test_images_that_the_last_stage_removed_are_neither_missing_nor_deleted_by_hand(series: Series) -> None:
    series.write(remove_intermediate=True)
    series.run()
    done = run_inside("verify", series.config)
    assert (done.code, done.out) == (ExitCode.DONE, "")
    assert done.err == f"Checked {len(images(series.training))} images: all whole.\n"
    assert "Total images created" in run_inside("report", series.config).out
    assert run_inside("plan", series.config).out.count("nothing left") == 12
