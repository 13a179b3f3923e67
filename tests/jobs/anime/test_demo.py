"""The whole job on the drawn episodes, whose truth is known: what is found, sorted and written."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import cv2
import pytest

from tests.jobs.anime.series import Series, images, metadata, named
from tui_gen.jobs.anime.demo.make import TEXT
from tui_gen.jobs.anime.demo.script import Box, ShownCharacter, truth_of
from tui_gen.jobs.anime.images.ids import frame_of
from tui_gen.jobs.anime.images.store import ImageStore

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

TRUTH = truth_of()
WIDTH, HEIGHT = 1280, 720


@pytest.fixture(scope="module")
def demo(drawn_episodes: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Series:
    series = Series(tmp_path_factory.mktemp("demo"))
    (series.folder / "episodes").mkdir()
    for path in drawn_episodes:
        shutil.copy(path, series.folder / "episodes" / path.name)
    series.config.write_text(TEXT)
    series.run("--workers", "2")
    return series


def shown_in(image: str) -> tuple[ShownCharacter, ...]:
    """Return who is in the frame that an image was made of."""
    episode, frame = frame_of(image).removeprefix("EP").split("_")
    return TRUTH[int(episode) - 1][int(frame)].characters


def test_frontal_faces_are_found(demo: Series) -> None:
    wanted = found = false = 0
    for path in images(demo.raw):
        known = metadata(path)
        faces = [each.face for each in shown_in(known.id) if each.face is not None]
        places = [
            (left * WIDTH, top * HEIGHT, right * WIDTH, bottom * HEIGHT)
            for left, top, right, bottom in known.facepos
        ]
        hits = [sum(_is_in(place, face) for place in places) for face in faces]
        wanted, found = wanted + len(faces), found + sum(bool(each) for each in hits)
        false += len(places) - sum(hits)
    assert found >= 0.95 * wanted, f"{found} of {wanted}"
    assert false == 0


def _is_in(place: tuple[float, float, float, float], face: Box) -> bool:
    x, y = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2
    return face[0] <= x < face[2] and face[1] <= y < face[3]


def test_groups_are_pure_and_few_crops_are_noise(demo: Series) -> None:
    groups: dict[str, Counter[str]] = {}
    for path in images(demo.classified):
        groups.setdefault(path.parent.name, Counter())[_who(path)] += 1
    noise = groups.pop("-1_noise", Counter())
    total = sum(each.total() for each in groups.values())
    purest = sum(max(each.values()) for each in groups.values())
    assert purest >= 0.95 * total, groups
    assert noise.total() <= 0.25 * (total + noise.total())
    assert len({each.most_common(1)[0][0] for each in groups.values()}) == 6, "each character has a group"


def _who(crop: Path) -> str:
    """Return the character whose face is nearest to that of a crop: the crop's box is not kept."""
    known = metadata(crop)
    people = sorted((each for each in shown_in(known.id) if each.face is not None), key=lambda each: each.box)
    return people[0].name if len(people) == 1 else _by_face(crop, people)


def _by_face(crop: Path, people: list[ShownCharacter]) -> str:
    """Find the crop in its frame, and return who has the face there."""
    frame = ImageStore.read(named(crop.parents[2] / "raw")[frame_of(metadata(crop).id)])
    part = ImageStore.read(crop)
    left_edge = cv2.minMaxLoc(cv2.matchTemplate(frame, part, cv2.TM_SQDIFF))[2][0]
    left, _, right, _ = metadata(crop).facepos[0]
    x = left_edge + (left + right) / 2 * part.shape[1]
    return min(people, key=lambda each: abs(_middle(each) - x)).name


def _middle(character: ShownCharacter) -> float:
    face = character.face or character.box
    return (face[0] + face[2]) / 2


def test_captions_folders_and_repeats_fit_together(demo: Series) -> None:
    for stem, path in named(demo.training).items():
        known = metadata(path)
        characters, _, ratio = path.relative_to(demo.training).parts[:3]
        count = len(known.characters)
        assert characters == f"{count}_character{'' if count == 1 else 's'}", stem
        low = int(ratio.removeprefix("face_height_ratio_").split("-")[0])
        assert low <= min(int(100 * known.fh_ratio), 99) < low + 25
        caption = path.with_suffix(".txt").read_text()
        assert caption.startswith(", ".join([*known.characters, "screenshots"]))
        assert int((path.parent / "multiply.txt").read_text()) >= 1
