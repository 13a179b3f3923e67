"""One eye of a 3D film: its place in the frame, the shape of its pixels, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from tests.jobs.superres.planning.test_plan import FILM, NO_BARS, facts, settings, video
from tui_gen.jobs.superres.planning.film_capacity import Prospect, prospect
from tui_gen.jobs.superres.planning.stereo import Eye, EyeView, eye_of, picture_of_eye, refusal
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Region, Size, whole

HD = Size(1920, 1080)
LETTERBOXED = Region(0, 140, 1920, 800)


def film(stereo: str, size: Size = HD, aspect: Fraction = Fraction(1), **changes: Any) -> ProbeFacts:  # noqa: ANN401
    return replace(FILM, coded=size, sample_aspect=aspect, stereo=stereo, **changes)


@pytest.mark.parametrize(
    ("stereo", "size", "aspect", "pixel"),
    [
        ("side by side", HD, Fraction(1), Fraction(2)),  # half of the columns
        ("side by side", HD, Fraction(2), Fraction(2)),  # as Matroska states it
        ("side by side", Size(3840, 1080), Fraction(1), Fraction(1)),  # all columns
        ("side by side", Size(3840, 1080), Fraction(2), Fraction(1)),
        ("side by side", Size(1920, 800), Fraction(1), Fraction(2)),
        ("side by side", Size(640, 480), Fraction(1), Fraction(2)),
        ("top and bottom", HD, Fraction(1), Fraction(1, 2)),  # half of the lines
        ("top and bottom", HD, Fraction(1, 2), Fraction(1, 2)),
        ("top and bottom", Size(1920, 2160), Fraction(1), Fraction(1)),  # all lines
    ],
)
def test_the_pixels_of_an_eye_make_the_shape_of_a_film(
    stereo: str, size: Size, aspect: Fraction, pixel: Fraction
) -> None:
    view = eye_of(film(stereo, size, aspect), "left")
    assert view is not None
    assert view.aspect == pixel


@pytest.mark.parametrize(
    ("stereo", "eye", "is_inverted", "region"),
    [
        ("side by side", "left", False, Region(0, 0, 960, 1080)),
        ("side by side", "right", False, Region(960, 0, 960, 1080)),
        ("side by side", "left", True, Region(960, 0, 960, 1080)),
        ("top and bottom", "left", False, Region(0, 0, 1920, 540)),
        ("top and bottom", "right", False, Region(0, 540, 1920, 540)),
    ],
)
def test_an_eye_has_its_half_of_the_frame(
    stereo: str, eye: Eye, region: Region, *, is_inverted: bool
) -> None:
    view = eye_of(film(stereo, is_stereo_inverted=is_inverted), eye)
    assert view is not None
    assert view.region == region


def test_the_bars_and_the_seam_are_left_out_of_an_eye() -> None:
    probe = film("side by side")
    left, right = (EyeView(Region(x, 0, 960, 1080), Fraction(2)) for x in (0, 960))
    assert picture_of_eye(left, probe, LETTERBOXED) == Region(0, 140, 956, 800)
    assert picture_of_eye(right, probe, LETTERBOXED) == Region(964, 140, 956, 800)
    pillars = Region(40, 0, 1850, 1080)
    assert picture_of_eye(left, probe, pillars) == Region(40, 0, 890, 1080)
    assert picture_of_eye(right, probe, pillars) == Region(1000, 0, 890, 1080)
    above = film("top and bottom")
    top = EyeView(Region(0, 0, 1920, 540), Fraction(1, 2))
    assert picture_of_eye(top, above, whole(HD)) == Region(0, 0, 1920, 536)


def test_other_packings_and_turned_frames_are_refused() -> None:
    for name in ("frame alternate", "interleaved lines", "checkerboard", "side by side (quincunx)"):
        assert str(refusal(film(name))).startswith(f"3D, {name}:")
        assert eye_of(film(name), "left") is None
    assert refusal(film("side by side", rotation_degrees=90)) is not None
    assert refusal(FILM) is None
    assert eye_of(FILM, "left") is None


def seen(probe: ProbeFacts, entry: dict[str, Any] | None = None, **changes: Any) -> Prospect:  # noqa: ANN401
    chosen = settings({"general": 10}, **changes)
    (source, entered) = video("aa", {"general": 1.0}, **(entry or {}))
    survey = replace(NO_BARS, picture=whole(probe.upright))
    return prospect(chosen, source, entered, facts(probe, survey))


def test_patches_are_cut_from_one_eye_with_square_pixels() -> None:
    outlook = seen(film("side by side", Size(3840, 2160)))
    for options in outlook.options.values():
        for option in options:
            assert option.fit.picture.x + option.fit.picture.width < option.fit.frame.width // 2
            assert option.fit.frame == Size(3840, 1080)
    assert outlook.options
    (right,) = seen(film("side by side", Size(3840, 2160)), stereo="right").options.values()
    assert all(option.fit.picture.x > option.fit.frame.width // 2 for option in right)


def test_a_3d_film_is_refused_as_configured_and_a_configured_crop_is_taken() -> None:
    assert seen(film("side by side"), stereo="refuse").refusal == (
        "it is 3D (side by side), and the configuration says to refuse such films"
    )
    crop = Region(8, 8, 900, 1000)
    outlook = seen(film("side by side"), {"crop": crop})
    assert outlook.upright is not None
    assert (outlook.upright.picture, outlook.upright.aspect) == (crop, Fraction(2))


@pytest.mark.parametrize(
    ("aspect", "taken"),
    [
        (Fraction(2740, 2739), Fraction(1)),
        (Fraction(501, 500), Fraction(501, 500)),
        (Fraction(999, 1000), Fraction(1)),
        (Fraction(59, 54), Fraction(59, 54)),
    ],
)
def test_nearly_square_pixels_are_taken_as_square(aspect: Fraction, taken: Fraction) -> None:
    upright = seen(replace(FILM, sample_aspect=aspect)).upright
    assert upright is not None
    assert upright.aspect == taken


def test_an_odd_last_line_and_column_are_left_out_and_nothing_is_resampled() -> None:
    upright = seen(replace(FILM, coded=Size(1921, 1081))).upright
    assert upright is not None
    assert (upright.size, upright.picture) == (HD, whole(HD))
