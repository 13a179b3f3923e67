"""A clip is described by its ledger record, whatever fields the record has."""

from pathlib import Path

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip, Made, Patch, Rejected
from tui_gen.engine.storage.ledger_codec import decode
from tui_gen.jobs.superres.dataset.clip_facts import FilmClipDescriber

LEDGER = Path(__file__).parents[3] / "golden" / "run_folder" / "dataset" / ".tui-gen" / "ledger.jsonl"
DESCRIBER = FilmClipDescriber()


def recorded(clip: str) -> Made:
    """Return a made clip of a ledger as today's program writes it."""
    for line in LEDGER.read_bytes().splitlines():
        if f'"id":"{clip}"'.encode() in line and b'"outcome":"made"' in line:
            event = decode(line)
            assert isinstance(event, ev.ClipEnded)
            assert isinstance(event.outcome, Made)
            return event.outcome
    raise AssertionError(clip)


def test_a_line_has_the_place_the_difference_and_each_crop() -> None:
    summary = DESCRIBER.summary(recorded("spiral:11"))
    assert summary.place == "00:00:00"
    assert summary.facts == (
        "difference 1.6",
        "general mini 24x24 at 1136,467",
        "not toon: flat 0.47, under 0.55",
    )


def test_the_page_has_everything_that_is_recorded() -> None:
    facts = DESCRIBER.facts(recorded("spiral:11"))
    assert ("place", "00:00:00 (0.208 s after the first frame)") in facts
    assert ("frames", "BPBBPBB") in facts
    assert ("scores", "toon: flat 0.47") in facts
    texts = "\n".join(text for _, text in facts)
    for words in (
        "LR_7frames/patch_spiral_idx0011_mini.png",
        "lr7: 476 B",
        "sha256 f32dd600",
        "f70fd019407cfc52",
    ):
        assert words in texts


def test_a_record_without_fields_is_described_too() -> None:
    bare = Made(Clip("a", 1), (Patch("general", 1, {}),), 1, 1.0)
    assert DESCRIBER.summary(bare).facts == ("general ?",)
    assert DESCRIBER.facts(bare) == [("patch", "general: ?")]
    odd = Rejected(Clip("a", 1), "dark", 1, 1.0, record={"pts_seconds": "soon", "rejected_scores": [1]})
    assert DESCRIBER.summary(odd).place == ""
    assert DESCRIBER.facts(odd) == []


def test_a_difference_that_the_reason_names_is_said_once() -> None:
    record = {"pts_seconds": 4328.2, "scene_difference": 61.3}
    cut = Rejected(Clip("a", 1), "scene cut: difference 61.3, over 45", 1, 1.0, record=record)
    dark = Rejected(Clip("a", 1), "fade 0.9, over 0.5", 1, 1.0, record=record)
    assert DESCRIBER.summary(cut).place == "01:12:08"
    assert DESCRIBER.summary(cut).facts == ()
    assert DESCRIBER.summary(dark).facts == ("difference 61.3",)
