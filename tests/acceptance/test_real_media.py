"""Real, awkward files: a run over all of them ends well, and each gives patches or one clear reason."""

from __future__ import annotations

import json
import os
import socket
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import write_config
from tests.acceptance.media_truth import REASONS, contradictions
from tests.acceptance.program import Dataset, Done, check_whole, entry, run
from tui_gen.media.facts_json import probe_from_json
from tui_gen.media.film_facts import ProbeFacts

pytestmark = [pytest.mark.media, pytest.mark.slow, pytest.mark.timeout(600)]

ALL_SECONDS = 280.0

SMALL = {"small": {"gt_size": [48, 48], "lr_size": [16, 16], "probability": 1.0}}
CLIPS = 2
GOLDEN = 0.6180339887498949
PLANTED = {
    "pipe.mkv": "a named pipe, not a file",
    "folder.mkv": "a folder, not a file",
    "playlist.mkv": "not a video file but a playlist",
    "concat.mkv": "not a video file but a playlist",
    "nothing.mkv": "empty",
    "text.mp4": "not a video file",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    file: str
    features: tuple[str, ...]
    images: int
    reason: str
    rejections: tuple[str, ...]  # of its clips, each reason once
    facts: Mapping[str, Any]

    def __str__(self) -> str:
        """One line of the table."""
        why = f"{self.reason} ({', '.join(self.rejections)})" if self.rejections else self.reason
        return f"{self.file:<72} {self.images:>2}  {why}"


@dataclass(frozen=True, slots=True)
class Everything:
    """A check of the whole folder, and the run after it."""

    data: Dataset
    check: Done
    said: Mapping[str, Mapping[str, Any]]  # by the check, of each file
    done: Done
    outcomes: tuple[Outcome, ...]
    was_called: bool  # somebody connected to the address in the playlist
    canary: Path
    canary_read_at_ns: int
    step: int  # of the files that are not known to be unusable, one of so many was taken


@pytest.fixture(scope="module", params=[6, pytest.param(1, marks=pytest.mark.soak)], ids=["some", "all"])
def everything(
    request: pytest.FixtureRequest, media: Path, tmp_path_factory: pytest.TempPathFactory
) -> Everything:
    """Return a check of real files and some planted ones, and a run over them.

    The files are all that are known to be unusable and every sixth of the others; in long runs all.
    """
    folder, step = tmp_path_factory.mktemp("everything"), request.param
    manifest = json.loads((media / "manifest.json").read_text(encoding="utf-8"))
    known = [item for item in manifest if REASONS.keys() & set(item["features"])]
    others = [item for item in manifest if item not in known][step - 1 :: step]
    features = {item["file"]: tuple(item["features"]) for item in (*known, *others)}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        canary = plant(folder, listener.getsockname()[1])
        read_at_ns = canary.stat().st_atime_ns
        videos = [entry(media / file, file, {"general": 1.0}) for file in features]
        videos += [entry(folder / name, name, {"general": 1.0}) for name in PLANTED]
        data = write_config(
            folder, videos, name="dataset", targets={}, base_frame_limit=CLIPS, max_retry_attempts=3
        )
        data.edit(lambda settings: settings.update(format_config={"general": SMALL}))
        check = run("check", data.config, "--json", seconds=ALL_SECONDS)
        done = run("run", data.config, seconds=ALL_SECONDS)
        listener.settimeout(0.0)
        was_called = _has_caller(listener)
    outcomes = tuple(outcomes_of(data, features))
    table = "\n".join(map(str, outcomes))
    (folder / "table.txt").write_text(f"{table}\n", encoding="utf-8", errors="backslashreplace")
    said = {video["name"]: video for video in json.loads(check.out)["videos"]}
    return Everything(data, check, said, done, outcomes, was_called, canary, read_at_ns, step)


def plant(folder: Path, port: int) -> Path:
    """Make files that are no videos, two of which name a film that must not be opened."""
    canary = folder / "canary.mkv"
    canary.write_bytes(b"\x1aE\xdf\xa3" + bytes(5000))
    # Where reading is noted at all, it is noted on a file that was read longer ago than written.
    os.utime(canary, (1_000_000_000, 1_500_000_000))
    os.mkfifo(folder / "pipe.mkv")
    (folder / "folder.mkv").mkdir()
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n"
    (folder / "playlist.mkv").write_text(
        f"{head}#EXTINF:10,\nhttp://127.0.0.1:{port}/a.mkv\n#EXTINF:10,\nfile://{canary}\n#EXT-X-ENDLIST\n",
        encoding="utf-8",
    )
    (folder / "concat.mkv").write_text(f"ffconcat version 1.0\nfile '{canary}'\n", encoding="utf-8")
    (folder / "nothing.mkv").touch()
    (folder / "text.mp4").write_text("this is no film\n" * 100, encoding="utf-8")
    return canary


def _has_caller(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def outcomes_of(data: Dataset, features: Mapping[str, tuple[str, ...]]) -> Iterator[Outcome]:
    facts: dict[str, dict[str, Any]] = defaultdict(dict)
    rejections: dict[str, dict[str, None]] = defaultdict(dict)
    for line in data.ledger():
        if line["kind"] == "facts":
            facts[line["source"]].update(line["facts"])
        elif line["kind"] == "clip" and line["outcome"] != "made":
            assert line["outcome"] == "rejected", line
            rejections[line["source"]][line["reason"]] = None
    for source, video in data.status()["video_checkpoints"].items():
        name = video["name"]
        yield Outcome(
            name,
            features.get(name, ()),
            sum(video["images"].values()),
            video["reason"],
            tuple(rejections[source]),
            facts[source],
        )


def test_the_run_ends_with_gaps_and_without_a_traceback(everything: Everything) -> None:
    done = everything.done
    assert done.code == 3, str(done)
    log = (everything.data.output / ".tui-gen" / "engine.log").read_text(encoding="utf-8")
    for text in (done.out, done.err, log):
        assert "Traceback" not in text
        assert "internal error" not in text
    check_whole(everything.data)


def test_the_check_says_of_every_file_what_it_is(everything: Everything, media: Path) -> None:
    assert everything.check.code == 3, str(everything.check)
    assert "Traceback" not in everything.check.err
    manifest = json.loads((media / "manifest.json").read_text(encoding="utf-8"))
    wrong = [
        f"{item['file']}: {contradiction}"
        for item in manifest
        if item["file"] in everything.said
        for contradiction in contradictions(item, everything.said[item["file"]], media / item["file"])
    ]
    assert wrong == []


def test_the_check_foresees_what_the_run_makes(everything: Everything) -> None:
    for outcome in everything.outcomes:
        said = everything.said[outcome.file]
        if said["state"] == "good":
            assert outcome.images, f"{outcome}"
        if said["state"] == "unusable":
            assert not outcome.images, f"{outcome}"
        if not outcome.images:
            assert said["state"] != "good", f"{outcome}"


def test_the_run_looks_at_nothing_again(everything: Everything) -> None:
    lines = everything.data.ledger()
    (began,) = [number for number, line in enumerate(lines) if line["kind"] == "run"]
    learned = [set(line["facts"]) for line in lines[began:] if line["kind"] == "facts"]
    assert learned
    assert not any({"probe", "survey"} & kinds for kinds in learned)


def test_every_file_gives_patches_or_has_one_clear_reason(everything: Everything) -> None:
    assert len(everything.outcomes) == len(everything.data.settings["videos"])
    for outcome in everything.outcomes:
        assert bool(outcome.images) != bool(outcome.reason), f"{outcome}"
        assert outcome.images <= CLIPS
        assert len(outcome.reason) < 100
        assert "\n" not in outcome.reason
        if "rejected" in outcome.reason:
            assert len(outcome.rejections) == 1, f"{outcome}"


def test_what_a_file_is_known_for_is_its_reason(everything: Everything) -> None:
    for outcome in everything.outcomes:
        for feature in outcome.features:
            if feature in REASONS:
                assert outcome.reason.startswith(REASONS[feature]), f"{feature}: {outcome}"
                assert outcome.reason
    assert {feature for outcome in everything.outcomes for feature in outcome.features} >= REASONS.keys()


def test_most_files_give_all_they_are_asked_for(everything: Everything) -> None:
    real = [outcome for outcome in everything.outcomes if outcome.features]
    assert sum(outcome.images == CLIPS for outcome in real) >= 20 // everything.step
    assert sum(outcome.images > 0 for outcome in real) >= 45 // everything.step


def test_the_ground_truth_is_the_frame_nearest_to_its_moment(everything: Everything) -> None:
    probes = {
        line["source"]: probe_from_json(line["facts"]["probe"])
        for line in everything.data.ledger()
        if "probe" in line.get("facts", {})
    }
    at_once = [
        line
        for line in everything.data.ledger()
        if line["kind"] == "clip" and line["outcome"] == "made" and line["attempts"] == 1
    ]
    assert len(at_once) > 60 // everything.step
    for line in at_once:
        index = int(line["id"].rpartition(":")[2])
        moment = planned_moment((index + 0.5) * GOLDEN % 1.0, probes[line["source"]])
        furthest = max(after - before for before, after in pairwise(line["pts"])) / 2
        assert abs(line["pts_seconds"] - moment) <= furthest + 1e-6, line


def planned_moment(share: float, probe: ProbeFacts) -> float:
    """Return a moment at a share of the running time; with a variable rate, at a share of all frames."""
    if probe.frame_times is None:
        assert probe.duration_seconds is not None
        return share * probe.duration_seconds
    times = probe.frame_times.times_seconds(probe.first_pts_seconds)
    return times[int(share * len(times))]


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_no_video_is_refused(name: str, everything: Everything) -> None:
    (outcome,) = [outcome for outcome in everything.outcomes if outcome.file == name]
    assert outcome.images == 0
    assert outcome.reason.startswith(PLANTED[name])


def test_nothing_else_is_opened(everything: Everything, tmp_path: Path) -> None:
    assert not everything.was_called
    noted = tmp_path / "noted"
    noted.write_bytes(b"x")
    os.utime(noted, (1_000_000_000, 1_500_000_000))
    before = noted.stat().st_atime_ns
    noted.read_bytes()
    if noted.stat().st_atime_ns == before:
        pytest.skip("this file system does not note when a file is read")
    assert everything.canary.stat().st_atime_ns == everything.canary_read_at_ns


def test_only_hdr_is_tone_mapped(everything: Everything) -> None:
    for outcome in everything.outcomes:
        if outcome.images:
            is_hdr = {"hdr10_pq", "hlg"} & set(outcome.features)
            assert (outcome.facts["probe"]["hdr_class"] != "sdr") == bool(is_hdr), f"{outcome}"


def test_only_interlaced_files_are_deinterlaced(everything: Everything) -> None:
    for outcome in everything.outcomes:
        if outcome.images:
            is_interlaced = any(feature.startswith("interlaced") for feature in outcome.features)
            # Flags are confirmed by looking: some of these files hold the halves of one moment.
            assert is_interlaced or not outcome.facts["survey"]["is_interlaced"], f"{outcome}"


def test_the_films_are_left_as_they_are(everything: Everything, media: Path) -> None:
    manifest = json.loads((media / "manifest.json").read_text(encoding="utf-8"))
    assert {item["file"]: item["size"] for item in manifest} == {
        item["file"]: (media / item["file"]).stat().st_size for item in manifest
    }
    for line in everything.data.ledger():
        for patch in line.get("patches", ()):
            for path in patch["files"].values():
                assert (
                    (everything.data.output / path).resolve().is_relative_to(everything.data.output.resolve())
                )
