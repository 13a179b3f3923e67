"""A video holds what its truth says of it, and nothing else."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import MOTIONS, RenderedVideo, VideoSettings
from tui_gen.jobs.videomnist.motion.trajectories import PARAMETER_NAMES
from tui_gen.jobs.videomnist.render.renderer import Renderer
from tui_gen.jobs.videomnist.render.sprites import NO_PLACE

DEFAULT = VideoSettings()
MANY = replace(DEFAULT, digits_per_video=(1, 3), masks=True, motion_types=MOTIONS)


def rendered(settings: VideoSettings, count: int = 4, digit: int = 3) -> list[RenderedVideo]:
    found = Renderer(settings, DrawnDigits(1)).render("train", digit, range(count))
    videos = [video for _, video in found if isinstance(video, RenderedVideo)]
    assert len(videos) == count
    return videos


def test_every_field_has_the_type_and_shape_that_the_file_has() -> None:
    for video in rendered(MANY):
        found = {name: (getattr(video, name).dtype, getattr(video, name).shape) for name in SHAPES}
        assert found == {name: (np.dtype(kind), shape) for name, (kind, shape) in SHAPES.items()}
        assert video.label == 3


SHAPES: dict[str, tuple[str, tuple[int, ...]]] = {
    "frames": ("u1", (17, 64, 64)),
    "digits": ("i8", (3,)),
    "motion": ("u1", (3,)),
    "sources": ("i4", (3,)),
    "positions": ("f4", (17, 3, 2)),
    "angles": ("f4", (17, 3)),
    "scales": ("f4", (17, 3)),
    "boxes": ("i2", (17, 3, 4)),
    "params": ("f4", (3, 8)),
    "masks": ("u1", (17, 64, 64)),
}


def test_the_boxes_of_a_digit_are_those_of_its_pixels() -> None:
    for video in rendered(replace(DEFAULT, motion_types=MOTIONS), 16):
        for frame, (left, top, right, bottom) in zip(video.frames, video.boxes[:, 0].tolist(), strict=True):
            rows, columns = np.flatnonzero(frame.any(axis=1)), np.flatnonzero(frame.any(axis=0))
            assert (left, top) == (columns[0], rows[0])
            assert (right, bottom) == (columns[-1] + 1, rows[-1] + 1)


def test_masks_boxes_and_pixels_agree() -> None:
    for video in rendered(MANY, 8):
        assert video.masks is not None
        assert np.array_equal(video.masks > 0, video.frames > 0)
        for slot in range(int((video.digits >= 0).sum())):
            for mask, (left, top, right, bottom) in zip(
                video.masks, video.boxes[:, slot].tolist(), strict=True
            ):
                ink = mask >> slot & 1
                assert ink[top:bottom, left:right].sum() == ink.sum() > 0
                assert ink[top, left:right].any()
                assert ink[bottom - 1, left:right].any()
                assert ink[top:bottom, left].any()
                assert ink[top:bottom, right - 1].any()


def test_a_slot_without_a_digit_says_so() -> None:
    videos = rendered(MANY, 8)
    assert {int((video.digits >= 0).sum()) for video in videos} == {1, 3}
    for video in videos:
        for slot in np.flatnonzero(video.digits < 0):
            assert (video.motion[slot], video.sources[slot]) == (255, -1)
            assert np.isnan(video.positions[:, slot]).all()
            assert np.isnan(video.angles[:, slot]).all()
            assert np.isnan(video.scales[:, slot]).all()
            assert not video.boxes[:, slot].any()
            assert not video.params[slot].any()


def test_positions_are_exact_in_the_file() -> None:
    for video in rendered(DEFAULT):
        assert np.array_equal(video.positions * 256, np.rint(video.positions * 256))


def test_angles_and_scales_are_within_what_is_asked_for() -> None:
    settings = replace(DEFAULT, digit_size=21, rotation=30.0, scaling=0.2)
    videos = [video for digit in range(10) for video in rendered(settings, 4, digit)]
    angles = np.abs([video.angles for video in videos])
    scales = np.array([video.scales for video in videos]) / 0.75
    assert 20 < angles.max() <= 30
    assert 0.8 <= scales.min() < 0.9
    assert 1.1 < scales.max() <= 1.2
    assert np.all(np.ptp(angles[..., 0], axis=1) > 0)


def test_the_parameters_are_those_of_the_motion() -> None:
    for video in rendered(replace(DEFAULT, motion_types=MOTIONS), 16):
        names = PARAMETER_NAMES[MOTIONS[video.motion[0]]]
        assert not video.params[0, len(names) :].any()
        assert np.count_nonzero(video.params[0, : len(names)]) >= len(names) - 2


def test_the_caption_names_every_digit() -> None:
    for video in rendered(MANY, 8):
        clauses = [clause for clause in video.caption.split(" and digit ") if clause]
        assert [int(clause.removeprefix("digit ")[0]) for clause in clauses] == [
            digit for digit in video.digits.tolist() if digit >= 0
        ]


def test_a_video_does_not_depend_on_those_that_are_asked_for_with_it() -> None:
    renderer = Renderer(replace(DEFAULT, digits_per_video=(1, 2, 3)), DrawnDigits(1))
    together = dict(renderer.render("test", 5, range(11)))
    for index, alone in renderer.render("test", 5, [7, 2]):
        other = together[index]
        assert isinstance(alone, RenderedVideo)
        assert isinstance(other, RenderedVideo)
        assert np.array_equal(alone.frames, other.frames)
        assert np.array_equal(alone.boxes, other.boxes)
        assert alone.caption == other.caption


def test_indexes_come_back_in_their_order() -> None:
    indexes = [5, 0, 900, 17, 3, 2, 1, 40, 41, 42]
    assert [index for index, _ in Renderer(DEFAULT, DrawnDigits(1)).render("train", 0, indexes)] == indexes
    assert list(Renderer(DEFAULT, DrawnDigits(1)).render("train", 0, [])) == []


def test_boxes_never_meet_where_overlap_is_avoided() -> None:
    settings = replace(DEFAULT, digits_per_video=(3,), overlap="avoid", image_size=112, motion_types=MOTIONS)
    met, made = 0, 0
    for _, video in Renderer(settings, DrawnDigits(1)).render("train", 3, range(24)):
        if isinstance(video, str):
            assert video == NO_PLACE
            continue
        made += 1
        for one in range(3):
            for other in range(one):
                low = np.maximum(video.boxes[:, one, :2], video.boxes[:, other, :2])
                high = np.minimum(video.boxes[:, one, 2:], video.boxes[:, other, 2:])
                met += int((low < high).all(axis=1).sum())
    assert made >= 12
    assert met == 0


def test_digits_overlap_where_that_is_allowed() -> None:
    videos = rendered(replace(DEFAULT, digits_per_video=(3,), masks=True), 8)
    assert any(np.any(np.bitwise_count(video.masks) > 1) for video in videos if video.masks is not None)


def test_where_there_is_no_way_past_the_others_the_video_is_rejected() -> None:
    settings = replace(DEFAULT, digits_per_video=(5,), overlap="avoid")
    made = [video for _, video in Renderer(settings, DrawnDigits(1)).render("train", 3, range(2))]
    assert made == [NO_PLACE, NO_PLACE]


@pytest.mark.parametrize("sizes", [{"image_size": 512, "frames": 60}, {"image_size": 64, "frames": 17}])
def test_rendering_needs_little_memory(sizes: dict[str, int]) -> None:
    renderer = Renderer(replace(DEFAULT, digits_per_video=(2,), **sizes), DrawnDigits(1))  # type: ignore[arg-type]
    next(renderer.render("train", 0, [0]))
    tracemalloc.start()
    try:
        for _ in renderer.render("train", 3, range(16)):
            pass
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 40e6 + 2 * sizes["frames"] * sizes["image_size"] ** 2
