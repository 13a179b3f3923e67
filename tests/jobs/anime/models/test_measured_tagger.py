"""The embedded tagger: what it says of drawn pictures, and what it never says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.anime.models.drawn import EYES, HAIRS, Character, Place, backdrop, draw
from tui_gen.jobs.anime.model import Box, Detection
from tui_gen.jobs.anime.models.embedded.detector import checked_detector
from tui_gen.jobs.anime.models.embedded.tagger import MeasuredTagger, blur_of

RGB = NDArray[np.uint8]
PLAIN = Character((90, 60, 160), (40, 120, 60), (40, 50, 90))


@pytest.fixture(scope="module")
def tagger() -> MeasuredTagger:
    return MeasuredTagger(checked_detector())


def general(tagger: MeasuredTagger, picture: RGB) -> Mapping[str, float]:
    (found,) = tagger.tags([picture])
    assert not found.rating
    assert not found.character
    assert list(found.general.values()) == sorted(found.general.values(), reverse=True)
    assert all(0 < score <= 1 for score in found.general.values())
    return found.general


def scene(*drawn: tuple[Character, Place], height: int = 500, seed: int = 5) -> RGB:
    picture = backdrop(900, height, seed)
    for character, place in drawn:
        draw(picture, character, place)
    return picture


def test_one_face_is_solo(tagger: MeasuredTagger) -> None:
    found = general(tagger, scene((PLAIN, Place(300, 20, 300))))
    assert found["solo"] > 0.5
    assert "no_humans" not in found


def test_two_faces_are_not_solo(tagger: MeasuredTagger) -> None:
    found = general(tagger, scene((PLAIN, Place(60, 20, 300)), (PLAIN, Place(500, 20, 300))))
    assert not {"solo", "no_humans"} & set(found)


def test_no_face_is_no_humans_with_the_score_of_a_guess(tagger: MeasuredTagger) -> None:
    found = general(tagger, scene())
    assert found["no_humans"] == 0.5
    assert not {tag for tag in found if tag.endswith(("_hair", "_eyes"))}


HAIR_TAGS = "black brown blonde red pink purple blue green white orange".split()  # noqa: SIM905


@pytest.mark.parametrize(
    ("colour", "tag"),
    [pair for pair in zip(HAIRS, HAIR_TAGS, strict=True) if pair[1] != "white"],
)
def test_the_colour_of_hair(tagger: MeasuredTagger, colour: tuple[int, int, int], tag: str) -> None:
    found = general(tagger, scene((Character(colour, EYES[1], (40, 50, 90)), Place(300, 20, 300))))
    assert [each for each in found if each.endswith("_hair")] == [f"{tag}_hair"]


@pytest.mark.parametrize(
    ("colour", "tag"), [*zip(EYES, ["green", "blue", "red", "brown", "purple"], strict=True)]
)
def test_the_colour_of_eyes(tagger: MeasuredTagger, colour: tuple[int, int, int], tag: str) -> None:
    found = general(tagger, scene((Character(HAIRS[2], colour, (40, 50, 90)), Place(300, 20, 300))))
    assert [each for each in found if each.endswith("_eyes")] == [f"{tag}_eyes"]


class OneFace:
    """A detector that finds one face at a given place."""

    name = digest = "one face"

    def __init__(self, box: Box) -> None:
        self.found = (Detection(box, "face", 0.9),)

    def faces(self, rgb: RGB) -> Sequence[Detection]:
        assert rgb.ndim == 3
        return self.found

    persons = heads = halfbodies = faces


SKIN = (255, 224, 200)


def face_of_200(hair: tuple[int, int, int], *, bare: int, iris: int) -> RGB:
    """Return a face at 100..300 x 100..300: `bare` pixels of its hair's width are skin."""
    picture = np.full((400, 400, 3), SKIN, np.uint8)
    picture[:110] = hair
    picture[:110, 200 - bare // 2 : 200 + bare // 2] = SKIN
    for left in (128, 220):
        picture[160:212, left : left + 52] = (255, 255, 255)
        picture[160:212, left : left + iris] = (60, 100, 195)
        picture[180:192, left : left + iris] = (20, 15, 20)
    return picture


def test_skin_between_the_hair_and_whites_and_pupils_of_eyes_do_not_count() -> None:
    (found,) = MeasuredTagger(OneFace((100, 100, 300, 300))).tags(
        [face_of_200((180, 45, 45), bare=110, iris=14)]
    )
    assert found.general["red_hair"] == pytest.approx(1, abs=0.05)
    assert found.general["blue_eyes"] == pytest.approx(1, abs=0.05)
    assert len([tag for tag in found.general if tag.endswith(("_hair", "_eyes"))]) == 2


def test_a_colour_that_few_pixels_have_is_no_tag() -> None:
    striped = face_of_200((180, 45, 45), bare=0, iris=20)
    for at, colour in enumerate([(60, 90, 190), (70, 140, 80), (240, 210, 120), (35, 32, 38)]):
        striped[:110, 120 + 32 * at : 152 + 32 * at] = colour
    (found,) = MeasuredTagger(OneFace((100, 100, 300, 300))).tags([striped])
    assert not [tag for tag in found.general if tag.endswith("_hair")]


FRAMINGS = {"portrait", "upper_body", "cowboy_shot", "full_body"}


@pytest.mark.parametrize(
    ("height", "tag"),
    [(320, "portrait"), (480, "upper_body"), (700, "cowboy_shot"), (900, "cowboy_shot"), (1300, "full_body")],
)
def test_the_framing_is_where_the_picture_ends(tagger: MeasuredTagger, height: int, tag: str) -> None:
    found = general(tagger, scene((PLAIN, Place(300, 20, 260)), height=height))
    assert FRAMINGS & set(found) == {tag}


def test_grey_pictures_are_monochrome_and_name_no_colours(tagger: MeasuredTagger) -> None:
    grey = cv2.cvtColor(scene((PLAIN, Place(300, 20, 300))), cv2.COLOR_RGB2GRAY)
    found = general(tagger, np.repeat(grey[:, :, None], 3, axis=2))
    assert found["monochrome"] == 1
    assert not {tag for tag in found if tag.endswith(("_hair", "_eyes"))}
    assert "monochrome" not in general(tagger, scene((PLAIN, Place(300, 20, 300))))


def test_blur_grows_with_a_blur_and_is_named_when_strong(tagger: MeasuredTagger) -> None:
    sharp = scene((PLAIN, Place(300, 20, 300)))
    blurred = [np.asarray(cv2.GaussianBlur(sharp, (0, 0), sigma), np.uint8) for sigma in (1, 2, 4)]
    values = [blur_of(each) for each in (sharp, *blurred)]
    assert values == sorted(values)
    assert "blurry" not in general(tagger, sharp)
    assert "blurry" in general(tagger, blurred[2])
    assert blur_of(np.full((50, 50, 3), 9, np.uint8)) == 0


def test_a_border_of_one_colour_is_a_simple_background(tagger: MeasuredTagger) -> None:
    plain = np.full((500, 900, 3), (220, 225, 230), np.uint8)
    draw(plain, PLAIN, Place(300, 60, 300))
    assert "simple_background" in general(tagger, plain)
    noise = np.random.default_rng(1).integers(0, 255, (150, 220, 3)).astype(np.uint8)
    assert "simple_background" not in general(tagger, noise)


def test_gender_and_rating_are_never_named(tagger: MeasuredTagger) -> None:
    found = general(tagger, scene((PLAIN, Place(300, 20, 300))))
    assert not {tag for tag in found if "girl" in tag or "boy" in tag or "female" in tag}


def test_the_digest_holds_the_detector_s(tagger: MeasuredTagger) -> None:
    assert MeasuredTagger(OneFace((1, 1, 9, 9))).digest != tagger.digest
