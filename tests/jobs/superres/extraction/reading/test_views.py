"""Views: what is converted of a picture holds what its cuts need, at one size per format, on the grid."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.jobs.superres.sample_films import SETTINGS, TINY
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.extraction.reading.views import (
    GRID,
    MARGIN,
    MOST_PIXELS,
    View,
    reach,
    strips_of,
    views_of,
    whole_view,
)
from tui_gen.jobs.superres.units import Cut
from tui_gen.media.film_facts import ColourFacts, ProbeFacts
from tui_gen.media.geometry import Region, Size, contains, whole

COLOUR = ColourFacts("yuv420p10le", 10, None, None, None, None, None, None, None)
FILM = ProbeFacts(
    "matroska", "hevc", Size(1920, 1080), Fraction(1), 0, 0.0, 60.0, 1 / 24, "progressive", COLOUR, "sdr"
)
BORDERS = [
    replace(SETTINGS, lr_border="crop"),
    replace(SETTINGS, lr_border="picture"),
    replace(SETTINGS, lr_border="picture", lr_scales=(2, 4)),
]


def cut(frame: Size, gt: Size, x: int, y: int) -> Cut:
    shape = replace(TINY, gt=gt, lr=Size(gt.width // 3, gt.height // 3))
    region = Region(min(x, frame.width - gt.width), min(y, frame.height - gt.height), gt.width, gt.height)
    return Cut("c", "C", shape, frame, region, whole(frame), "x")


@st.composite
def cuts(draw: st.DrawFn) -> tuple[ProbeFacts, list[Cut]]:
    halves = Size(2 * draw(st.integers(100, 500)), 2 * draw(st.integers(100, 300)))
    ratio = draw(st.sampled_from([1, 2]))
    probe = replace(FILM, coded=Size(halves.width * ratio, halves.height * ratio))
    places = st.tuples(st.sampled_from([48, 96]), st.integers(0, 1000), st.integers(0, 600))
    return probe, [
        cut(halves, Size(side, side), x, y) for side, x, y in draw(st.lists(places, min_size=1, max_size=4))
    ]


@given(cuts(), st.sampled_from(BORDERS))
def test_every_cut_finds_what_it_is_made_of_away_from_edges_that_are_not_the_pictures(
    given_cuts: tuple[ProbeFacts, list[Cut]], settings: Settings
) -> None:
    probe, wanted = given_cuts
    views = views_of(probe, wanted, settings)
    for one in wanted:
        assert any(contains(view.exact(), reach(one, settings)) for view in views)
    for view in views:
        ratio = probe.coded.width // view.frame.width
        assert contains(whole(probe.coded), view.stored)
        assert contains(view.area, view.exact())
        assert view.stored.x % GRID == view.stored.y % GRID == 0
        assert (view.area.width * ratio, view.area.height * ratio) == (view.stored.width, view.stored.height)
        left = view.exact().x - view.area.x
        assert left * ratio >= MARGIN or view.area.x == left == 0


@given(st.integers(0, 1900), st.integers(0, 1000), st.integers(0, 1900), st.integers(0, 1000))
def test_a_formats_views_have_one_size_wherever_they_lie(x1: int, y1: int, x2: int, y2: int) -> None:
    sizes = {
        views_of(FILM, [cut(Size(1920, 1080), Size(96, 96), x, y)], SETTINGS)[0].shape
        for x, y in ((x1, y1), (x2, y2))
    }
    assert len(sizes) == 1


def test_the_whole_picture_is_one_view_where_cropping_saves_nothing_or_is_not_exact() -> None:
    half = Size(960, 540)
    large = [cut(half, Size(900, 480), 0, 0), cut(half, Size(480, 480), 400, 50)]
    odd = [cut(Size(1280, 720), Size(96, 96), 5, 5)]
    turned = replace(FILM, rotation_degrees=180)
    small = [cut(half, Size(96, 96), 5, 5)]
    assert [v.stored for v in views_of(FILM, large, SETTINGS)] == [whole(FILM.coded)]
    assert [v.stored for v in views_of(FILM, odd, SETTINGS)] == [whole(FILM.coded)]
    assert [v.stored for v in views_of(turned, small, SETTINGS)] == [whole(FILM.coded)]
    assert [v.stored for v in views_of(FILM, small, SETTINGS)] != [whole(FILM.coded)]


UHD = replace(FILM, coded=Size(3840, 2160))
ODD_GRID = replace(FILM, coded=Size(3842, 2162))


def rows_of(view: View) -> set[int]:
    exact = view.exact()
    return set(range(exact.y, exact.y + exact.height))


@given(
    st.sampled_from([UHD, ODD_GRID]),
    st.sampled_from([1, 2]),
    st.tuples(st.integers(500, 1921), st.integers(300, 1080)),
    st.tuples(st.integers(0, 1921), st.integers(0, 1081)),
)
def test_strips_of_one_shape_have_all_exact_rows_of_their_view(
    probe: ProbeFacts, ratio: int, sides: tuple[int, int], corner: tuple[int, int]
) -> None:
    frame = Size(probe.coded.width // ratio, probe.coded.height // ratio)
    (view,) = views_of(probe, [cut(frame, Size(*sides), *corner)], SETTINGS)
    strips = strips_of(probe, view)
    assert len({strip.shape for strip in strips}) == 1
    assert set[int]().union(*map(rows_of, strips)) == rows_of(view)
    for strip in strips:
        assert contains(view.stored, strip.stored)
        assert strip.stored.y % GRID == 0
        assert strip.area.y * ratio == strip.stored.y
        assert (strip.area.x, strip.area.width) == (view.area.x, view.area.width)


@pytest.mark.parametrize(("height", "most"), [(2160, 1.09), (1656, 1.065)])
def test_strips_repeat_no_more_rows_than_their_margins(height: int, most: float) -> None:
    view = whole_view(UHD, Size(1920, 1080))
    if height < view.stored.height:
        view = View(view.frame, Region(0, 2, 1458, height // 2), Region(0, 4, 2916, height))
    strips = strips_of(UHD, view)
    assert sum(strip.stored.height for strip in strips) <= most * height
    assert strips[0].stored.width * strips[0].stored.height <= 1.02 * MOST_PIXELS
