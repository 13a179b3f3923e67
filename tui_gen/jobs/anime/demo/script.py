"""The shots of the drawn episodes, and what each frame shows. Pure and without random choices.

opening (in both)   shots with one to three characters, holds of several poses, pans, people from behind and
                    in profile, empty backgrounds                        recap (of episode 1, in episode 2)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from tui_gen.jobs.anime.demo.characters import Arms, Kind, Mouth
from tui_gen.jobs.anime.demo.layers import BOTTOM, FACE
from tui_gen.media.geometry import Size

FRAME = Size(1280, 720)
FRAMES_PER_SECOND = 12
HOLD_FRAMES = 8
EPISODES = 2

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Figure:
    """A character in a picture."""

    name: str
    x: float  # of the middle of the face, in pixels of the frame
    y: float  # of the top of the head
    face_width: float = 128.0  # in pixels
    kind: Kind = "front"
    mouth: Mouth = "closed"
    arms: Arms = "down"
    tilt_degrees: float = 0.0  # of the head

    @property
    def unit(self) -> float:
        """Pixels per unit of the layers."""
        return self.face_width / (FACE[2] - FACE[0])


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing: what is shown, and for how many frames."""

    scene: str
    pose: str
    background: str
    light: tuple[float, float, float]  # factors of red, green and blue
    figures: tuple[Figure, ...]
    frames: int
    shift: float = 0.0  # of the camera to the right, in pixels
    is_moving: bool = False  # one frame of a pan


@dataclass(frozen=True, slots=True)
class ShownCharacter:
    """A character in a frame; boxes are left, top, right, bottom in pixels, inside the frame."""

    name: str
    kind: Kind
    box: Box
    face: Box | None  # of a face seen from the front


@dataclass(frozen=True, slots=True)
class FrameTruth:
    """What a frame shows. Frames of one scene and pose are the same drawing, in whichever episode."""

    episode: int  # from 0
    frame: int
    scene: str
    pose: str
    is_moving: bool
    characters: tuple[ShownCharacter, ...]


DAY, DUSK, NIGHT, LAMP = (1.0, 1.0, 1.0), (1.0, 0.88, 0.76), (0.74, 0.8, 0.96), (1.0, 0.95, 0.84)

_MOVES: tuple[tuple[float, float, float, Arms, Mouth], ...] = (
    (0, 0, 0, "down", "closed"),
    (70, 10, 6, "up", "open"),
    (-80, 20, -6, "hip", "smile"),
    (-10, -36, 4, "up", "smile"),
    (120, 30, -4, "hip", "closed"),
    (-140, 6, 7, "down", "open"),
)
"""How a pose differs from the first: right, down, tilt in degrees, arms, mouth."""


@dataclass(frozen=True, slots=True)
class _Shot:
    scene: str
    background: str
    light: tuple[float, float, float]
    figures: tuple[Figure, ...]
    poses: int = 1
    pan: float = 0.0  # pixels per frame; a shot that pans has one pose, of `pan_frames` frames


PAN_FRAMES = 30
ALONE_WIDTH = 150.0
"""The least width of a face of a character that is alone."""
GROUP_SHARE = 0.5
"""Characters in a group move less, so that none hides another."""


def _alone(name: str, *, face_width: float, y: float, x: float = 640.0) -> tuple[Figure, ...]:
    return (Figure(name, x, y, face_width),)


def _group(*names: str) -> tuple[Figure, ...]:
    places = {2: (400.0, 880.0), 3: (250.0, 640.0, 1030.0)}[len(names)]
    return tuple(Figure(name, x, 170.0, 122.0) for name, x in zip(names, places, strict=True))


def _turned(figures: Sequence[Figure], kind: Kind) -> tuple[Figure, ...]:
    return tuple(replace(figure, kind=kind) for figure in figures)


_OPENING = (
    _Shot("opening_sky", "sky", DAY, ()),
    _Shot("opening_akari", "sky", DAY, _alone("akari", face_width=200, y=130), 2),
    _Shot("opening_trio", "sunset", DUSK, _group("mizuki", "hana", "rei"), 2),
    _Shot("opening_pan", "town", DAY, _group("sora", "kuro"), pan=14),
)
_FIRST = (
    _Shot("school", "school", DAY, ()),
    _Shot("class_akari", "school", LAMP, _alone("akari", face_width=150, y=120), 4),
    _Shot("class_mizuki", "school", LAMP, _alone("mizuki", face_width=170, y=110), 4),
    _Shot("class_talk", "school", LAMP, _group("akari", "mizuki"), 4),
    _Shot("from_behind", "town", DAY, _turned(_group("akari", "mizuki"), "back"), 2),
    _Shot("street_hana", "town", DAY, _alone("hana", face_width=160, y=110), 4),
    _Shot("street_rei", "town", NIGHT, _alone("rei", face_width=150, y=120), 4),
    _Shot("profile_sora", "park", DAY, _turned(_alone("sora", face_width=180, y=100), "profile"), 2),
    _Shot("park_sora", "park", DAY, _alone("sora", face_width=160, y=120), 4),
    _Shot("park_pan", "park", DAY, _group("hana", "rei"), pan=12),
    _Shot("park_kuro", "park", DUSK, _alone("kuro", face_width=150, y=120), 4),
    _Shot("evening_trio", "sunset", DUSK, _group("hana", "rei", "sora"), 4),
)
_SECOND = (
    _Shot("room", "room", NIGHT, ()),
    _Shot("room_kuro", "room", LAMP, _alone("kuro", face_width=180, y=100), 4),
    _Shot("room_hana", "room", LAMP, _alone("hana", face_width=150, y=130), 4),
    _Shot("room_pair", "room", LAMP, _group("kuro", "hana"), 4),
    _Shot("beach_sora", "sea", DAY, _alone("sora", face_width=150, y=120), 4),
    _Shot("beach_mizuki", "sea", DAY, _alone("mizuki", face_width=160, y=110), 4),
    _Shot("beach_trio", "sea", DAY, _group("sora", "mizuki", "akari"), 4),
    _Shot("beach_behind", "sea", DUSK, _turned(_alone("rei", face_width=170, y=90), "back"), 2),
    _Shot("beach_rei", "sea", DUSK, _alone("rei", face_width=160, y=110), 4),
    _Shot("sea_pan", "sea", DUSK, _group("akari", "kuro"), pan=12),
    _Shot("night_akari", "sunset", NIGHT, _alone("akari", face_width=160, y=120), 4),
)
_RECAP = tuple(shot for shot in _FIRST if shot.scene in {"class_talk", "street_rei"})


@cache
def pictures_of(episode: int) -> tuple[Picture, ...]:
    """Return the drawings of an episode, 0 or 1, in order."""
    shots = (*_OPENING, *_FIRST) if episode == 0 else (*_OPENING, *_RECAP, *_SECOND)
    return tuple(picture for shot in shots for picture in _pictures(shot))


def _pictures(shot: _Shot) -> Iterator[Picture]:
    if shot.pan:
        for step in range(PAN_FRAMES):
            shift = shot.pan * (step - PAN_FRAMES / 2)
            figures = tuple(replace(figure, x=figure.x - shift) for figure in shot.figures)
            yield Picture(
                shot.scene, f"step{step}", shot.background, shot.light, figures, 1, shift, is_moving=True
            )
        return
    for pose in range(shot.poses):
        figures = tuple(
            _posed(figure, (pose + place) % len(_MOVES) if pose else 0)
            for place, figure in enumerate(shot.figures)
        )
        # Every shot shows another part of its background.
        shift = sum(map(ord, shot.scene)) % 160 * 2.0 - 160
        yield Picture(shot.scene, f"pose{pose}", shot.background, shot.light, figures, HOLD_FRAMES, shift)


def _posed(figure: Figure, move: int) -> Figure:
    right, down, tilt, arms, mouth = _MOVES[move]
    size = figure.face_width / ALONE_WIDTH * (1 if figure.face_width >= ALONE_WIDTH else GROUP_SHARE)
    return replace(
        figure, x=figure.x + right * size, y=figure.y + down, tilt_degrees=tilt, arms=arms, mouth=mouth
    )


def truth_of() -> tuple[tuple[FrameTruth, ...], ...]:
    """Return what each frame shows, for each episode."""
    return tuple(tuple(_truth(episode)) for episode in range(EPISODES))


def _truth(episode: int) -> Iterator[FrameTruth]:
    frame = 0
    for picture in pictures_of(episode):
        shown = tuple(_shown(figure) for figure in picture.figures)
        characters = tuple(each for each in shown if each.box[0] < each.box[2])
        for _ in range(picture.frames):
            yield FrameTruth(episode, frame, picture.scene, picture.pose, picture.is_moving, characters)
            frame += 1


def _shown(figure: Figure) -> ShownCharacter:
    unit = figure.unit
    left, top = figure.x - 50 * unit, figure.y
    face = (left + FACE[0] * unit, top + FACE[1] * unit, left + FACE[2] * unit, top + FACE[3] * unit)
    return ShownCharacter(
        name=figure.name,
        kind=figure.kind,
        box=_inside((left - 20 * unit, top + 9 * unit, left + 120 * unit, top + BOTTOM * unit)),
        face=_inside(face) if figure.kind == "front" and _is_inside(face) else None,
    )


def _inside(box: tuple[float, float, float, float]) -> Box:
    left, top, right, bottom = (round(each) for each in box)
    right, bottom = min(right, FRAME.width), min(bottom, FRAME.height)
    return min(max(left, 0), right), min(max(top, 0), bottom), right, bottom


def _is_inside(box: tuple[float, float, float, float]) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= FRAME.width and box[3] <= FRAME.height
