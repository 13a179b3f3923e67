"""With "crop_choice": "detail", half of the patches lie at the most detailed of four seeded places."""

from dataclasses import replace

import numpy as np
import pytest

from tests.jobs.superres.planning.test_plan import extract, recipe, settings, surveyed, video
from tests.jobs.superres.sample_films import SETTINGS, TINY
from tui_gen.jobs.superres.extraction.cutting import most_detailed
from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames, FrameView
from tui_gen.jobs.superres.extraction.reading.luma import ClipMeasures
from tui_gen.jobs.superres.extraction.scoring.patch_scores import detail
from tui_gen.jobs.superres.units import Cut
from tui_gen.media.geometry import Region, Size, contains, whole

FILMS = (video("a", {"general": 1.0, "space": 1.0}),)
FRAME = Size(600, 200)


def planned(choice: str) -> dict[tuple[str, int, str], Cut]:
    chosen = settings({"general": None, "space": None}, crop_choice=choice, base_frame_limit=100)
    return {key: cut for key, (_, cut) in recipe(extract(chosen, FILMS, surveyed(FILMS))).items()}


def test_half_of_the_patches_have_three_rivals_and_the_first_place_is_the_uniform_one() -> None:
    uniform, by_detail = planned("uniform"), planned("detail")
    assert {key: replace(cut, rivals=()) for key, cut in by_detail.items()} == uniform
    assert not any(cut.rivals for cut in uniform.values())
    with_rivals = [cut for cut in by_detail.values() if cut.rivals]
    assert 0.4 < len(with_rivals) / len(by_detail) < 0.6
    for cut in with_rivals:
        assert len(cut.choices) == 4
        assert all(contains(cut.picture, choice.region) for choice in cut.choices)
        assert all(choice.region.size == cut.region.size for choice in cut.choices)
    places = {choice.region for cut in with_rivals for choice in cut.choices}
    assert len(places) > 3 * len(with_rivals)  # full HD has one place only


def clip_showing(frames: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> ClipFrames:
    measures = ClipMeasures(0.0, (0.0,) * 6, is_blank=False, luma_change=0.0)
    pts = tuple(n / 24 for n in range(7))
    return ClipFrames(0, (FrameView(FRAME, whole(FRAME), frames),), pts, pts, 1, measures)


@pytest.mark.parametrize("busiest", [0, 200, 400])
def test_the_place_with_most_detail_in_the_middle_frame_is_taken(busiest: int) -> None:
    chance = np.random.default_rng(busiest)
    frames = np.full((7, FRAME.height, FRAME.width, 3), 90, np.uint8)
    frames[[0, 6]] = chance.integers(0, 255, frames.shape[1:])
    frames[3, :, busiest : busiest + 150] = chance.integers(80, 100, (FRAME.height, 150, 1))
    places = [Region(x, 40, TINY.gt.width, TINY.gt.height) for x in (10, 210, 410)]
    cut = Cut("c", "C", TINY, FRAME, places[0], whole(FRAME), "x", rivals=tuple(places[1:]))
    chosen = most_detailed(clip_showing(frames), cut, SETTINGS)
    assert chosen == replace(cut, region=places[busiest // 200], rivals=())


def test_of_equal_places_the_first_is_taken() -> None:
    frames = np.full((7, FRAME.height, FRAME.width, 3), 90, np.uint8)
    cut = Cut("c", "C", TINY, FRAME, Region(5, 5, 96, 96), whole(FRAME), "x", rivals=(Region(9, 9, 96, 96),))
    assert most_detailed(clip_showing(frames), cut, SETTINGS).region == cut.region


def test_detail_is_the_sum_of_the_differences_of_neighbours() -> None:
    gray = np.random.default_rng(2).integers(0, 255, (40, 50, 1)).astype(np.uint8)
    plane = gray[..., 0].astype(int)
    expected = np.abs(np.diff(plane, axis=0)).sum() + np.abs(np.diff(plane, axis=1)).sum()
    assert detail(gray.repeat(3, axis=2)) == expected
