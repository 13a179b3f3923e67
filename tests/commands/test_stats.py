"""`tui-gen stats` on a ledger written by hand: what it counts, flags, lists and leaves out."""

import json
from pathlib import Path
from typing import Any

import pytest

from tui_gen.base.exit_codes import ExitCode
from tui_gen.cli.main import main
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip, Made, Outcome, Patch, Rejected
from tui_gen.engine.storage.ledger import Ledger

PTS = [n / 24 for n in range(7)]


def clip(index: int, *, pairs: tuple[float, ...] = (2.0,) * 6, **more: object) -> dict[str, object]:
    return {
        "pts_seconds": index * 1.0,
        "pts": PTS,
        "scene_difference": sum(pairs),
        "pair_differences": pairs,
    } | more


def patch(index: int, flat: float, mark: int | None = None) -> Patch:
    record = {"files": {"gt": f"General/Patches/GT/{index}.png"}, "scores": {"flat": flat}}
    return Patch("general", 1, record, mark)


def made(
    index: int, *patches: Patch, rejected: dict[str, dict[str, float]] | None = None, **more: object
) -> Made:
    reasons = tuple((name, "flat") for name in rejected or ())
    record = clip(index, **more)  # type: ignore[arg-type]
    return Made(
        Clip("film", index),
        patches,
        1,
        0.1,
        reasons,
        record | ({"rejected_scores": rejected} if rejected else {}),
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration whose run gave: three good clips, a cut, a flat patch, and two rejections."""
    path = tmp_path / "c.json"
    video = {"name": "Film [1]", "path": "/f.mkv", "categories": {"general": 1}, "id": "film"}
    path.write_text(json.dumps({"base_settings": {"output_base_dir": "out"}, "videos": [video]}))
    folder = tmp_path / "out" / ".tui-gen"
    folder.mkdir(parents=True)
    ledger = Ledger(folder / "ledger.jsonl")
    cut = (1.0, 1.0, 40.0, 1.0, 1.0, 1.0)
    outcomes: list[Outcome] = [
        made(0, patch(0, 50.0, 0xF0)),
        made(1, patch(1, 60.0, 0xF1)),  # near the one before
        made(2, patch(2, 3.0, 0xFFFF_0000_0000_0000)),
        made(3, patch(3, 70.0), pairs=cut),
        made(4, rejected={"general": {"flat": 2.0}}),
        Rejected(Clip("film", 5), "cut 30, 12 or more", 1, 0.1, record=clip(5, pairs=cut)),
        Rejected(Clip("film", 6), "damaged data", 1, 0.1),
        made(0, patch(0, 50.0, 0xF0)),  # made again after a loss
    ]
    ledger.append([ev.ClipEnded(1.0, "extract", outcome) for outcome in outcomes])
    ledger.close()
    return path


def as_json(config: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["stats", str(config), "--json"]) == ExitCode.DONE
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_every_clip_and_patch_counts_once_the_rejected_ones_too(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = as_json(config, capsys)
    assert (answer["clips"], answer["patches"]) == (6, 5)
    assert (answer["clips_beyond"], answer["patches_beyond"]) == (2, 3)
    (flat,) = answer["scores"]["flat"]["distributions"]
    assert (flat["category"], flat["source"], flat["name"]) == ("general", "film", "Film [1]")
    assert (flat["count"], flat["beyond"]) == (5, 2)
    assert flat["quantiles"]["0.5"] == 50.0
    assert sum(flat["counts"]) == 5


def test_cuts_and_timing_are_known_without_any_scores(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = as_json(config, capsys)["scores"]
    (cut,) = scores["cut"]["distributions"]
    assert (cut["count"], cut["beyond"], cut["quantiles"]["1.0"]) == (6, 2, 40.0)
    (timing,) = scores["timing"]["distributions"]
    assert (timing["count"], timing["beyond"]) == (6, 0)
    assert scores["motion"]["distributions"] == []


def test_near_duplicates_are_told_by_their_distance(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (near,) = as_json(config, capsys)["scores"]["near_duplicate"]["distributions"]
    assert (near["count"], near["beyond"], near["quantiles"]["0.0"]) == (2, 1, 1)


def test_the_list_names_the_patches_that_stand_and_are_beyond_a_limit(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stats", str(config), "--list", "all"]) == ExitCode.DONE
    listed = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert sorted(listed) == [
        ["General/Patches/GT/1.png", "near_duplicate", "1"],
        ["General/Patches/GT/2.png", "flat", "3"],
        ["General/Patches/GT/3.png", "cut", "40"],
    ]
    assert main(["stats", str(config), "--list", "flat"]) == ExitCode.DONE
    assert capsys.readouterr().out == "General/Patches/GT/2.png\tflat\t3\n"


def test_the_text_fits_a_terminal_and_tells_what_would_be_rejected(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stats", str(config)]) == ExitCode.DONE
    text = capsys.readouterr().out
    assert "With these limits, 2 of 6 clips and 3 of 5 patches would be rejected." in text
    assert "Not measured: fade, repeated_frames, black" in text
    assert max(map(len, text.splitlines())) <= 90


def test_other_limits_flag_others(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = json.loads(config.read_text())
    settings["scores"] = {"flat": {"do": "reject", "under": 65}}
    config.write_text(json.dumps(settings))
    (flat,) = as_json(config, capsys)["scores"]["flat"]["distributions"]
    assert flat["beyond"] == 4


def test_one_score_alone_and_a_score_that_nobody_measured(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stats", str(config), "--score", "flat"]) == ExitCode.DONE
    text = capsys.readouterr().out
    assert "general: 5 patches" in text
    assert "cut:" not in text
    assert main(["stats", str(config), "--score", "noise"]) == ExitCode.DONE
    assert "noise was not measured" in capsys.readouterr().out


def test_a_score_that_there_is_not_and_a_run_that_never_was_are_refused(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stats", str(config), "--score", "flt"]) == ExitCode.REFUSED
    assert "the scores are: scene_difference" in capsys.readouterr().err
    other = tmp_path / "d.json"
    other.write_text('{"base_settings": {"output_base_dir": "none"}}')
    assert main(["stats", str(other)]) == ExitCode.REFUSED
    assert "nothing was made" in capsys.readouterr().err
