"""From detections to crops, with a detector whose findings are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tui_gen.jobs.anime.crop.cropping import crops_of, frame_facts, parts_of
from tui_gen.jobs.anime.crop.faces import FaceFacts
from tui_gen.jobs.anime.crop.options import CropOptions
from tui_gen.jobs.anime.model import Box, Detection, Part

RGB = NDArray[np.uint8]
FRAME = np.arange(1080 * 1920 * 3, dtype=np.uint8).reshape(1080, 1920, 3)


@dataclass
class Given:
    """A detector whose boxes are those of the frame; in a part of the frame they are cut and moved."""

    boxes: dict[Part, list[Box]]
    name: str = "given"
    digest: str = "given"
    asked: list[str] = field(default_factory=list)

    def _found(self, rgb: RGB, part: Part) -> Sequence[Detection]:
        self.asked.append(part)
        start = np.flatnonzero(_same_start(rgb))
        top, left = divmod(int(start[0]), FRAME.shape[1])
        moved = [
            (box[0] - left, box[1] - top, box[2] - left, box[3] - top) for box in self.boxes.get(part, [])
        ]
        return [Detection(box, part, 0.9 - at / 10) for at, box in enumerate(moved)]

    def persons(self, rgb: RGB) -> Sequence[Detection]:
        return self._found(rgb, "person")

    def halfbodies(self, rgb: RGB) -> Sequence[Detection]:
        return self._found(rgb, "halfbody")

    def heads(self, rgb: RGB) -> Sequence[Detection]:
        return self._found(rgb, "head")

    def faces(self, rgb: RGB) -> Sequence[Detection]:
        return self._found(rgb, "face")


def _same_start(rgb: RGB) -> NDArray[np.bool_]:
    """Return where in the frame a part of it begins: by address, for it is a view."""
    offset = rgb.__array_interface__["data"][0] - FRAME.__array_interface__["data"][0]
    found = np.zeros(FRAME.shape[0] * FRAME.shape[1], np.bool_)
    found[offset // 3] = True
    return found


PERSONS: dict[Part, list[Box]] = {
    "person": [(100, 50, 700, 1080), (1000, 200, 1200, 900), (1400, 100, 1950, 1100)],
    "face": [(300, 200, 420, 330), (1450, 300, 1850, 480), (1500, 500, 1600, 620), (640, 600, 720, 700)],
}


def test_a_person_smaller_than_the_minimum_keeps_its_number_and_gives_no_crop() -> None:
    crops = crops_of(FRAME, Given(PERSONS), CropOptions())
    assert [(crop.number, crop.part, crop.box) for crop in crops] == [
        (0, "person", (100, 50, 700, 1080)),
        (2, "person", (1400, 100, 1920, 1080)),
    ]
    assert [crop.score for crop in crops] == [0.9, 0.7]


def test_the_minimum_is_the_least_length_of_the_shorter_edge() -> None:
    assert len(crops_of(FRAME, Given(PERSONS), CropOptions(min_crop_size=200))) == 3
    assert len(crops_of(FRAME, Given(PERSONS), CropOptions(min_crop_size=201))) == 2


def test_faces_of_a_crop_have_their_centre_in_it_and_its_own_pixels() -> None:
    first, last = crops_of(FRAME, Given(PERSONS), CropOptions())
    assert first.faces == ((200, 150, 320, 280), (540, 550, 600, 650))  # the second one is cut at the edge
    assert last.faces == ((100, 400, 200, 520),)  # a face of 400 x 180 counts for nothing


def test_the_facts_follow_from_the_faces() -> None:
    first, _ = crops_of(FRAME, Given(PERSONS), CropOptions())
    assert first.facts.n_faces == 2
    assert first.facts.facepos[0] == pytest.approx((200 / 600, 150 / 1030, 320 / 600, 280 / 1030))
    assert first.facts.fh_ratio == pytest.approx(130 / 1030)


def test_a_whole_frame_has_facts_too() -> None:
    facts = frame_facts(FRAME, Given(PERSONS), CropOptions())
    assert facts.n_faces == 3
    assert facts.fh_ratio == pytest.approx(130 / 1080)
    assert frame_facts(FRAME, Given({}), CropOptions()) == FaceFacts(0, (), 0.0)


def test_a_looser_side_ratio_lets_a_wide_face_count() -> None:
    assert frame_facts(FRAME, Given(PERSONS), CropOptions(ratio_thres=2.3)).n_faces == 4


def test_crops_without_a_face_can_be_left_out() -> None:
    given = Given({**PERSONS, "face": [(300, 200, 420, 330)]})
    assert [crop.number for crop in crops_of(FRAME, given, CropOptions(crop_with_face=True))] == [0]


def test_crops_without_a_head_can_be_left_out() -> None:
    given = Given({**PERSONS, "head": [(1450, 300, 1850, 480)]})
    assert [crop.number for crop in crops_of(FRAME, given, CropOptions(crop_with_head=True))] == [2]
    assert "head" not in _asked(CropOptions())


def _asked(options: CropOptions) -> list[str]:
    given = Given(PERSONS)
    crops_of(FRAME, given, options)
    return given.asked


THREE: dict[Part, list[Box]] = {
    "person": [(100, 50, 700, 1080)],
    "halfbody": [(120, 60, 600, 700), (120, 60, 300, 300)],
    "head": [(200, 60, 440, 360)],
}


def test_three_stages_give_the_best_upper_body_and_a_square_around_the_head() -> None:
    crops = crops_of(FRAME, Given(THREE), CropOptions(use_3stage_crop=2))
    # head in the person: 100..340 x 10..310, centre 220, 160, side 450: -5..445 x -65..385, cut at 0
    assert [(crop.part, crop.box) for crop in crops] == [
        ("person", (100, 50, 700, 1080)),
        ("halfbody", (120, 60, 600, 700)),
        ("head", (100, 50, 545, 435)),
    ]
    assert {crop.number for crop in crops} == {0}


def test_three_stages_at_selection_crop_no_parts_from_frames() -> None:
    options = CropOptions(use_3stage_crop=4)
    assert [crop.part for crop in crops_of(FRAME, Given(THREE), options)] == ["person"]
    assert [crop.part for crop in parts_of(FRAME, Given(THREE), options)] == ["halfbody", "head"]
    assert parts_of(FRAME, Given(THREE), replace(options, use_3stage_crop=2)) == []


def test_the_pixels_of_a_crop_are_those_of_its_box() -> None:
    (crop,) = crops_of(FRAME, Given({"person": [(10, 20, 400, 500)]}), CropOptions())
    assert np.array_equal(crop.pixels(FRAME), FRAME[20:500, 10:400])


def test_a_person_outside_the_frame_gives_no_crop() -> None:
    given = Given({"person": [(2000, 20, 2400, 500)]})
    assert crops_of(FRAME, given, CropOptions(min_crop_size=0)) == []
