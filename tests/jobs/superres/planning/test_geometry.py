"""Scales are exact, frames even, crops inside the picture."""

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tui_gen.jobs.superres.planning.geometry import Fit, Upright, border_margin, crop, crop_area, fit
from tui_gen.jobs.superres.planning.seeded_random import draws
from tui_gen.media.geometry import Region, Size, contains, whole

UHD = Size(3840, 2160)
ASPECTS = st.sampled_from([Fraction(1), Fraction(4, 3), Fraction(16, 15), Fraction(8, 9), Fraction(1, 2)])


@st.composite
def uprights(draw: st.DrawFn, aspects: st.SearchStrategy[Fraction] = ASPECTS) -> Upright:
    size = Size(draw(st.integers(32, 4200)), draw(st.integers(32, 4200)))
    if draw(st.booleans()):
        return Upright(size, draw(aspects), whole(size))
    x, y = draw(st.integers(0, size.width - 16)), draw(st.integers(0, size.height - 16))
    width, height = draw(st.integers(16, size.width - x)), draw(st.integers(16, size.height - y))
    return Upright(size, draw(aspects), Region(x, y, width, height))


@st.composite
def fitted(draw: st.DrawFn) -> tuple[Upright, Size, Fit]:
    """Draw a film, a patch size and how it fits; half of the patches are nearly as large as the picture."""
    film = draw(uprights())
    room = fit(film, Size(1, 1))
    assume(room is not None)
    assert room is not None
    picture = room.picture if draw(st.booleans()) else film.picture
    gt = Size(draw(st.integers(1, max(1, picture.width))), draw(st.integers(1, max(1, picture.height // 2))))
    scaled = fit(film, gt)
    assume(scaled is not None)
    assert scaled is not None
    return film, gt, scaled


def square(size: Size, picture: Region | None = None) -> Upright:
    return Upright(size, Fraction(1), picture or whole(size))


@pytest.mark.parametrize(
    ("film", "gt", "frame"),
    [
        (square(UHD), Size(540, 540), Size(1920, 1080)),
        (square(UHD), Size(1920, 1080), Size(1920, 1080)),
        (square(UHD, Region(0, 280, 3840, 1600)), Size(540, 540), Size(1920, 1080)),
        (square(UHD, Region(0, 280, 3840, 1600)), Size(1920, 1080), Size(2592, 1458)),
        (square(Size(1920, 1080)), Size(1920, 1080), Size(1920, 1080)),
        (square(Size(1280, 720)), Size(720, 720), Size(1280, 720)),
        (square(Size(853, 481)), Size(96, 96), Size(852, 480)),
        (square(Size(4096, 2160)), Size(540, 540), Size(1920, 1012)),
        (square(Size(1080, 1920)), Size(540, 540), Size(1080, 1920)),
        (Upright(Size(1440, 1080), Fraction(4, 3), whole(Size(1440, 1080))), Size(720, 405), Size(1440, 810)),
        (Upright(Size(720, 576), Fraction(8, 9), whole(Size(720, 576))), Size(540, 540), Size(640, 576)),
    ],
)
def test_known_films_are_scaled_as_documented(film: Upright, gt: Size, frame: Size) -> None:
    scaled = fit(film, gt)
    assert scaled is not None
    assert scaled.frame == frame


@pytest.mark.parametrize(
    "film",
    [square(Size(1280, 720)), square(Size(1920, 1080), Region(0, 140, 1920, 800)), square(Size(1918, 1080))],
)
def test_what_fits_at_no_scale_is_refused(film: Upright) -> None:
    assert fit(film, Size(1920, 1080)) is None


@given(fitted())
def test_a_fit_is_even_never_enlarged_and_without_bars(case: tuple[Upright, Size, Fit]) -> None:
    film, gt, scaled = case
    frame, picture = scaled.frame, scaled.picture
    assert frame.width % 2 == frame.height % 2 == 0
    assert frame.width <= film.size.width
    assert frame.height <= film.size.height
    assert contains(whole(frame), picture)
    assert picture.width >= gt.width
    assert picture.height >= gt.height
    # Scaled back, the picture lies within the film's: not even part of a bar pixel is in it.
    assert picture.x * film.size.width >= film.picture.x * frame.width
    assert picture.y * film.size.height >= film.picture.y * frame.height
    right, bottom = picture.x + picture.width, picture.y + picture.height
    assert right * film.size.width <= (film.picture.x + film.picture.width) * frame.width
    assert bottom * film.size.height <= (film.picture.y + film.picture.height) * frame.height


@given(fitted())
def test_pixels_become_square_to_the_rounding_of_one_side(case: tuple[Upright, Size, Fit]) -> None:
    film, _, scaled = case
    exact = Fraction(film.size.width) * film.aspect / film.size.height
    height = scaled.frame.width / exact
    assert abs(scaled.frame.height - height) <= 2 + 2 / exact


@given(uprights(st.just(Fraction(1))), st.data())
def test_what_holds_the_patch_unscaled_always_fits(film: Upright, data: st.DataObject) -> None:
    size = Size(film.size.width // 2 * 2, film.size.height // 2 * 2)
    picture = film.picture
    width, height = min(picture.width, size.width - picture.x), min(picture.height, size.height - picture.y)
    even = Upright(size, film.aspect, Region(picture.x, picture.y, width, height))
    gt = Size(data.draw(st.integers(1, width)), data.draw(st.integers(1, height)))
    assert fit(even, gt) is not None


@given(uprights(), st.data())
def test_no_smaller_even_frame_would_do(film: Upright, data: st.DataObject) -> None:
    gt = Size(data.draw(st.integers(1, film.size.width)), data.draw(st.integers(1, film.size.height)))
    scaled = fit(film, gt)
    wide = film.size.width * min(Fraction(1), film.aspect)
    high = film.size.height / max(Fraction(1), film.aspect)
    preferred = min(1920, int(wide // 2) * 2)

    def holds(width: int) -> bool:
        height = min(max(2, round(width * high / wide / 2) * 2), int(high // 2) * 2)
        x, y = Fraction(width, film.size.width), Fraction(height, film.size.height)
        across = math.floor((film.picture.x + film.picture.width) * x) - math.ceil(film.picture.x * x)
        down = math.floor((film.picture.y + film.picture.height) * y) - math.ceil(film.picture.y * y)
        return across >= gt.width and down >= gt.height

    widths = [width for width in (preferred, *range(2, int(wide // 2) * 2 + 1, 2)) if holds(width)]
    assert (scaled.frame.width if scaled else None) == (widths[0] if widths else None)


@given(fitted(), st.integers(0, 10_000), st.sampled_from([0, border_margin([3])]))
def test_crops_lie_in_the_picture_with_the_margin_where_there_is_room(
    case: tuple[Upright, Size, Fit], clip: int, margin: int
) -> None:
    _, gt, scaled = case
    _, x, y, _ = draws(0, "film", clip, "general")
    region = crop(crop_area(scaled.picture, gt, margin), gt, draw_x=x, draw_y=y)
    assert region.size == gt
    assert contains(scaled.picture, region)
    if scaled.picture.width >= gt.width + 2 * margin:
        assert region.x - scaled.picture.x >= margin
        assert scaled.picture.x + scaled.picture.width - region.x - region.width >= margin


@pytest.mark.parametrize(
    ("ratios", "margin"),
    [([3], 12), ([2], 8), ([4], 16), ([2, 3], 12), ([2, 4], 16), ([3, 4], 24), ([2, 3, 4], 24), ([7], 28)],
)
def test_the_margin_is_whole_low_resolution_pixels_at_every_ratio(ratios: list[int], margin: int) -> None:
    assert border_margin(ratios) == margin
    assert all(margin % ratio == 0 and margin >= 4 * ratio for ratio in ratios)


def test_crops_reach_every_place() -> None:
    area, gt = Region(2, 3, 12, 11), Size(10, 10)
    places = {
        (region.x, region.y)
        for clip in range(200)
        for _, x, y, _ in [draws(7, "film", clip, "space")]
        for region in [crop(area, gt, draw_x=x, draw_y=y)]
    }
    assert places == {(x, y) for x in (2, 3, 4) for y in (3, 4)}


def test_draws_are_the_same_for_ever() -> None:
    drawn = [round(float(draw), 6) for draw in draws(0, "0123456789", 42, "general")]
    assert drawn == [0.211071, 0.806222, 0.831208, 0.545124]


def test_draws_differ_by_every_part_of_their_purpose() -> None:
    drawn = [
        draws(0, "a", 1, "x"),
        draws(1, "a", 1, "x"),
        draws(0, "b", 1, "x"),
        draws(0, "a", 2, "x"),
        draws(0, "a", 1, "y"),
        draws(0, "a1", "x"),
    ]
    assert len(set(drawn)) == len(drawn)
