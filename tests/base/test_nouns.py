"""A job's nouns are counted, and travel as JSON values."""

from __future__ import annotations

import pytest

from tui_gen.base.nouns import USUAL_NOUNS, Noun, Nouns, as_json, from_json

FRAMES = Nouns(
    source=Noun("episode", "episodes"),
    clip=Noun("frame", "frames"),
    patch=Noun("image", "images"),
    has_attempts=False,
)
OF_STAGES = Nouns(clip=Noun("step", "steps"), image_categories=("images", "crops"))


@pytest.mark.parametrize(("number", "text"), [(0, "0 frames"), (1, "1 frame"), (1200, "1,200 frames")])
def test_a_number_of_things_is_written_with_its_noun(number: int, text: str) -> None:
    assert FRAMES.clip.counted(number) == text


def test_a_title_keeps_the_letters_after_its_first() -> None:
    assert Noun("HDF5 file", "HDF5 files").title == "HDF5 files"
    assert FRAMES.source.title == "Episodes"


@pytest.mark.parametrize("nouns", [USUAL_NOUNS, FRAMES, OF_STAGES], ids=["usual", "others", "stages"])
def test_nouns_come_back_from_json_as_they_were(nouns: Nouns) -> None:
    assert from_json(as_json(nouns)) == nouns


def test_a_job_may_name_the_categories_that_hold_its_images() -> None:
    assert all(FRAMES.is_image(name) for name in ("images", "tags"))
    assert [OF_STAGES.is_image(name) for name in ("images", "crops", "tags")] == [True, True, False]
    assert (OF_STAGES.of_rate(OF_STAGES.patch).many, FRAMES.of_rate(FRAMES.patch).many) == ("steps", "images")
    assert "image_categories" not in as_json(FRAMES)  # status files of other jobs stay as they are


def test_what_is_not_named_is_called_as_usual() -> None:
    assert from_json({}) == USUAL_NOUNS
    assert from_json({"clip": ["frame", "frames"], "later": 1}) == Nouns(clip=Noun("frame", "frames"))


def test_what_is_no_noun_is_refused() -> None:
    with pytest.raises(ValueError, match="no noun"):
        from_json({"clip": "frames"})
