from __future__ import annotations

import pytest

from tui_gen.engine.executors import messages as say

REQUESTS: list[say.Request] = [
    say.Open("job", 3, {"ffmpeg": "/usr/bin/ffmpeg"}, {"/films": "/mnt/\udcff"}),
    say.Begin(1, "extract", "unit"),
    say.Examine("/out/.tui-gen", "a", "b", ["/films/a\udcff.mkv"]),
    say.Pull(1),
    say.Close(1),
    say.SetTarget(4),
    say.Look(2, "/films/a\udcff\n.mkv"),
]
ANSWERS: list[say.Answer] = [
    say.Hello("1.0", "box2", 8),
    say.Ready({"ffmpeg": "9.0.2", "sizes": [1, 2]}),
    say.Examined("5d41", "", "token", "", [[12, 1.5, ""], [0, 0.0, "gone"]]),
    say.FilePiece(3, "/out/a\udcff.png", 0, "ab", 7),
    say.Refused("no ffmpeg"),
    say.Gave(1, {"is": "Doing"}),
    say.Ended(1),
    say.Raised(1, {"is": "", "text": "x"}),
    say.Closed(1),
    say.Stands(2, is_there=True),
    say.Log(20, "tui_gen", "a\nb"),
    say.Measured(12.5, 1, 2),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_comes_back_from_its_line(request_: say.Request) -> None:
    line = say.line_of(request_)
    assert line.count(b"\n") == 1
    assert say.request_of(line) == request_


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_comes_back_from_its_line(answer: say.Answer) -> None:
    line = say.line_of(answer)
    assert line.count(b"\n") == 1
    assert say.answer_of(line) == answer


@pytest.mark.parametrize(
    "line", [b"\n", b"x\n", b"[]\n", b"{}\n", b'{"is":"Ended"}\n', b'{"is":"Pull","number":1}\n', b"\xff\n"]
)
def test_what_is_no_answer_is_refused(line: bytes) -> None:
    with pytest.raises(say.MessageError):
        say.answer_of(line)


def test_objects_are_packed_and_small() -> None:
    value = {"films": [f"/films/{n}.mkv" for n in range(500)]}
    assert say.unpacked(say.packed(value)) == value
    assert len(say.packed(value)) < 4000
    with pytest.raises(say.MessageError):
        say.unpacked("damaged")
