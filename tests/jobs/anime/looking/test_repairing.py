"""`verify --repair` makes damaged images again in their places, and touches nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.acceptance.program import run_inside
from tests.jobs.anime.series import Series, images, metadata, named
from tui_gen.base.exit_codes import ExitCode


def cut(path: Path) -> None:
    """Cut a file off, in all folders where it has a name."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 2 // 3)


def test_damaged_images_of_every_level_are_made_again_byte_for_byte(series: Series) -> None:
    whole = series.tree()
    frame = images(series.raw / "EP1")[1]
    crop = next(path for path in images(series.cropped) if path.stem in named(series.classified))
    training = [path for path in images(series.training) if path.stem != path.stem.removesuffix("_person0")][
        :2
    ]
    caption = training[0].with_suffix(".txt")
    caption.write_text("my own words")
    for path in (frame, crop, *training):
        cut(path)
    other = images(series.training)[-1]
    other.write_bytes(training[1].read_bytes() + b"")  # it is damaged as well
    done = run_inside("verify", series.config, "--repair")
    assert done.code == ExitCode.DONE, str(done)
    assert "Repaired 5 of 5 images, byte for byte." in done.err
    place = caption.relative_to(series.output).as_posix()
    after = series.tree()
    assert {path for path in whole if after.get(path) != whole[path]} == {place}
    assert after.keys() == whole.keys()
    assert caption.read_text() == "my own words"
    kept = series.output / ".tui-gen" / "superseded" / frame.relative_to(series.output)
    assert kept.is_file()
    before = series.stamps()
    series.run()
    assert series.stamps() == before
    assert run_inside("verify", series.config).code == ExitCode.DONE


@pytest.mark.soak
def test_an_image_that_would_be_another_one_now_is_left_alone(series: Series) -> None:
    training = images(series.training)[0]
    cut(training)
    torn = training.read_bytes()
    series.write(max_size=96)
    done = run_inside("verify", series.config, "--repair")
    assert done.code == ExitCode.DAMAGE
    assert "Repaired 0 of 1 image" in done.err
    assert training.read_bytes() == torn
    series.run()  # all stages after the change are performed, and what is torn is replaced
    assert {min(metadata(image).image_size) for image in images(series.training)} <= set(range(97))
    assert run_inside("verify", series.config).code == ExitCode.DONE


def test_an_image_of_a_folder_is_taken_from_its_folder(series: Series) -> None:
    image = images(series.raw / "pictures")[0]
    data = image.read_bytes()
    image.unlink()  # else it is the file of the folder itself
    image.write_bytes(data[:-20])
    done = run_inside("verify", series.config, "--repair")
    assert done.code == ExitCode.DONE, str(done)
    assert image.read_bytes() == data
    shutil.rmtree(series.folder / "pictures")
