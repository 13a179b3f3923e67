from __future__ import annotations

import resource
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tui_gen.base.errors import ObstructedError
from tui_gen.jobs.anime.frames.survey import Survey
from tui_gen.jobs.anime.frames.survey_files import (
    SurveyFileError,
    episode_survey,
    read_survey,
    read_surveys,
    write_survey,
)
from tui_gen.jobs.anime.frames.windows import Window


def survey_of(window: Window, numbers: list[int], *, tick: Fraction = Fraction(1, 1000)) -> Survey:
    count, draw = len(numbers), np.random.default_rng(window.index)
    return Survey(
        window=window,
        tick_seconds=tick,
        pts=np.array(numbers, np.int64) * 40,
        numbers=np.array(numbers, np.int64),
        thumbnails=draw.integers(0, 256, (count, 16, 32, 3), np.uint8),
        sharpness=draw.random(count, np.float32),
        vectors=draw.random((count, 4), np.float32),
        seen=1500,
        damaged=2,
        complaint="ffmpeg ended with status 69" if window.index else None,
    )


FIRST, SECOND = Window(0, 0, 60), Window(1, 60, None)


@pytest.mark.parametrize(
    "survey", [survey_of(FIRST, [0, 3, 9]), survey_of(SECOND, []), survey_of(SECOND, [70])]
)
def test_a_file_holds_the_whole_survey(tmp_path: Path, survey: Survey) -> None:
    path = write_survey(tmp_path / "new folder", survey.window, survey)
    found = read_survey(path)
    for name in ("window", "tick_seconds", "seen", "damaged", "complaint"):
        assert getattr(found, name) == getattr(survey, name)
    for name in ("pts", "numbers", "thumbnails", "sharpness", "vectors"):
        one, other = getattr(found, name), getattr(survey, name)
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("kept_share", [0.0, 0.3, 0.99])
def test_a_damaged_file_is_named(tmp_path: Path, kept_share: float) -> None:
    write_survey(tmp_path, FIRST, survey_of(FIRST, [0, 3]))
    path = write_survey(tmp_path, SECOND, survey_of(SECOND, [61, 62]))
    data = path.read_bytes()
    path.write_bytes(data[: int(kept_share * len(data))])
    with pytest.raises(SurveyFileError, match=r"window_0001\.npz.*delete the file"):
        read_surveys(tmp_path)


def test_changed_bytes_are_noticed(tmp_path: Path) -> None:
    path = write_survey(tmp_path, FIRST, survey_of(FIRST, list(range(50))))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(SurveyFileError, match=r"window_0000\.npz"):
        read_surveys(tmp_path)


def test_objects_that_would_run_code_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "window_0000.npz"
    np.savez(path, version=np.array([{}], object))
    with pytest.raises(SurveyFileError, match=r"window_0000\.npz"):
        read_surveys(tmp_path)


def test_unfinished_and_foreign_files_are_no_surveys(tmp_path: Path) -> None:
    write_survey(tmp_path, FIRST, survey_of(FIRST, [1]))
    (tmp_path / ".window_0001.npz.4711.part").write_bytes(b"PK")
    (tmp_path / "notes.txt").write_text("mine")
    assert [survey.window for survey in read_surveys(tmp_path)] == [FIRST]


def test_an_output_that_takes_nothing_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file is in the way")
    with pytest.raises(ObstructedError, match=r"window_0000\.npz cannot be written"):
        write_survey(tmp_path / "folder", FIRST, survey_of(FIRST, [1]))
    (tmp_path / "other" / "window_0000.npz").mkdir(parents=True)
    with pytest.raises(ObstructedError):
        write_survey(tmp_path / "other", FIRST, survey_of(FIRST, [1]))
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["window_0000.npz"]


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    before = write_survey(tmp_path, FIRST, survey_of(FIRST, [1, 2])).read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(ObstructedError, match=r"window_0000\.npz cannot be written"):
            write_survey(tmp_path, FIRST, survey_of(FIRST, list(range(90))))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_windows_are_joined_in_the_order_of_time() -> None:
    joined = episode_survey((survey_of(SECOND, [61, 99]), survey_of(FIRST, [0, 61])))
    assert joined.numbers.tolist() == [0, 61, 99]
    # The second frame with a number is left out.
    assert np.array_equal(joined.thumbnails[1], survey_of(FIRST, [0, 61]).thumbnails[1])
    assert (joined.seen, joined.damaged) == (3000, 4)


def test_windows_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="whole episode"):
        episode_survey((survey_of(SECOND, [61]),))
    with pytest.raises(ValueError, match="clocks"):
        episode_survey((survey_of(FIRST, [1]), survey_of(SECOND, [61], tick=Fraction(1, 90000))))


def test_an_episode_without_candidates_has_none() -> None:
    joined = episode_survey((survey_of(FIRST, [], tick=Fraction(0)), survey_of(SECOND, [70])))
    assert joined.numbers.tolist() == [70]
    assert len(episode_survey((survey_of(FIRST, [], tick=Fraction(0)),))) == 0
