"""A strip holds the newest patches; a newer one takes the place of the oldest, and the others stay."""

from collections.abc import Sequence

from textual.geometry import Size

from tui_gen.contract.preview import RGB, Picture
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, JsonObject, Made, Patch
from tui_gen.tui.panes.patch_preview import PatchPreview
from tui_gen.tui.panes.preview import PreviewImage

BROAD, NARROW = Size(73, 8), Size(60, 8)


class Numbered:
    """Draws the number of a clip as a colour."""

    def __init__(self) -> None:
        self.drawn: list[int] = []

    def draw(self, patch: JsonObject, *, columns: int, rows: int) -> Picture:
        clip = int(patch["clip"])
        if clip == 13:
            message = "no such file"
            raise FileNotFoundError(message)
        self.drawn.append(clip)
        colour = (clip, 0, 0)
        return Picture([[(colour, colour)] * (columns - 5)] * (rows - 2), f"clip {clip}")


def run_of(clips: Sequence[int]) -> RunState:
    state = RunState()
    add(state, *clips)
    return state


def add(state: RunState, *clips: int) -> None:
    for clip in clips:
        patch = Patch("general", 10, {"files": {"a": f"{clip}.x"}})
        state.apply(ev.ClipEnded(float(clip), "make", Made(Clip("a", clip), (patch,), 1, 1.0)))


def numbers(image: PreviewImage | None) -> list[int]:
    """Return the clips of the pictures of a strip, from the left."""
    assert image is not None
    row: list[RGB] = [upper for upper, _ in image.rows[0]]
    return [row[0][0], row[len(row) // 2 + 1][0]]


def test_a_strip_replaces_its_oldest_picture() -> None:
    state, previewer = run_of([1, 2, 3]), Numbered()
    preview = PatchPreview(previewer)
    image = preview(state, BROAD)
    assert numbers(image) == [2, 3]
    assert image is not None
    assert image.is_strip
    assert {len(row) for row in image.rows} == {73}
    assert image.caption.split() == ["a", "clip", "2", "a", "clip", "3"]
    add(state, 4)
    assert numbers(preview(state, BROAD)) == [4, 3]
    assert numbers(preview(state, BROAD)) == [4, 3]
    add(state, 5, 6)
    assert numbers(preview(state, BROAD)) == [4, 6]
    assert previewer.drawn == [2, 3, 4, 6]


def test_a_patch_that_cannot_be_drawn_says_why_and_the_others_are_shown() -> None:
    image = PatchPreview(Numbered())(run_of([12, 13]), BROAD)
    assert numbers(image)[0] == 12
    assert image is not None
    assert "a: cannot be drawn: no such file" in image.caption


def test_without_room_or_in_ascii_the_newest_patch_stands_alone() -> None:
    state = run_of([1, 2, 3])
    for preview, room in (
        (PatchPreview(Numbered()), NARROW),
        (PatchPreview(Numbered(), has_strip=False), BROAD),
    ):
        image = preview(state, room)
        assert image is not None
        assert not image.is_strip
        assert image.caption == "clip 3"
    assert PatchPreview(Numbered())(RunState(), BROAD) is None
