"""A resumed run says how much is made now, however often it was made."""

from __future__ import annotations

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import DATASET, Clip, Made, Patch
from tui_gen.views.text.run_lines import opening_lines, resume_lines


def made(state: RunState, source: str, index: int, *categories: str) -> None:
    patches = tuple(Patch(name, 10, {"format": "toy"}) for name in categories)
    state.apply(ev.ClipEnded(2.0, "cut", Made(Clip(source, index), patches, 1, 0.5)))


def test_a_clip_that_was_lost_and_made_again_counts_once() -> None:
    state = RunState()
    state.apply(ev.RunStarted(1.0, "toy", {}, "/c.json", "/out", 1, "host", "1", "", {}))
    for index in range(3):
        made(state, "a", index, "general", "space")
    state.apply(ev.PatchesLost(3.0, "a", "general", (0, 1), 20, "cut"))
    made(state, "a", 0, "general")
    state.apply(ev.PatchesLost(3.0, "a", "space", (1,), 10, "cut"))
    made(state, DATASET, 0, "whole")
    made(state, "a", 2, "general", "space")
    lines = [
        *opening_lines(state, config="/c.json", output="/out", sources=1),
        *resume_lines(state, {"a": "A"}),
    ]
    assert lines[-2:] == [
        "Resuming: 4 images of 2 clips are made",
        "Last video: A, 2 clips made",
    ]
