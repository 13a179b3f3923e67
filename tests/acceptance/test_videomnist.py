"""Moving digits as a user meets them: the same bytes however the work went, and every command once."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.program import Done, Running, run_inside, still_alive
from tests.faults.conftest import hurried, mounts, needs_root
from tests.jobs.videomnist.datasets import Digits, digits_in
from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset
from tui_gen.jobs.videomnist.model import SPLITS

__all__ = ["mounts"]
Make = Callable[..., Digits]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a maker of configurations, each in a folder of its own."""
    numbers = iter(range(100))

    def make_one(**changes: object) -> Digits:
        return digits_in(tmp_path / f"digits {next(numbers)}", **changes)

    return make_one


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the hash of the file that a run makes which nothing disturbs."""
    return digits_in(tmp_path_factory.mktemp("undisturbed") / "digits").complete()


def damage(data: Digits, place: float = 0.5) -> None:
    """Overwrite a few bytes in the middle of a video's pixels."""
    import h5py

    with h5py.File(data.h5) as file:
        chunk = file["train_data"].id.get_chunk_info(13)
    with data.h5.open("r+b") as file:
        file.seek(chunk.byte_offset + int(chunk.size * place))
        file.write(b"\xff\x00\xff\x00")


# ------------------------------------------------------------------ the same bytes


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.soak), 5])
def test_the_bytes_do_not_depend_on_the_number_of_workers(workers: int, make: Make, undisturbed: str) -> None:
    assert make(max_workers=workers).complete() == undisturbed


def test_the_file_holds_the_videos_in_balanced_order_and_the_shards_are_gone(make: Make) -> None:
    data = make()
    data.complete()
    with VideoDataset(data.h5) as dataset:
        assert [dataset.videos(split) for split in SPLITS] == [30, 10]
        assert list(dataset.labels("train")) == list(range(10)) * 3
        assert dataset.attributes["sequence_length"] == 8
    assert list(data.shards.iterdir()) == []
    assert sorted(path.name for path in data.output.iterdir()) == [
        ".generator_status.json",
        ".tui-gen",
        "videomnist.h5",
    ]


def test_shards_are_kept_where_the_configuration_says_so(make: Make, undisturbed: str) -> None:
    data = make(keep_shards=True)
    assert data.complete() == undisturbed
    assert len(list(data.shards.iterdir())) == 20


def test_a_finished_dataset_is_left_as_it_is(make: Make) -> None:
    data = make()
    data.complete()
    before, made = data.h5.stat(), data.made()
    data.complete()
    after = data.h5.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert data.made() == made


def test_a_dataset_that_grows_becomes_what_a_larger_one_is(make: Make) -> None:
    grown, fresh = make(), make(videos_per_digit=5, test_videos_per_digit=2)
    grown.complete()
    before = grown.made()
    grown.edit(videos_per_digit=5, test_videos_per_digit=2)
    assert grown.complete() == fresh.complete()
    new = grown.made()[len(before) :]
    assert len(new) == 30, "only what is new is rendered"
    kept = grown.output / ".tui-gen" / "superseded"
    assert not kept.exists(), "the grown file has all videos of the one before"
    assert set(before) | set(new) == set(fresh.made())


@pytest.mark.soak
def test_fewer_videos_are_a_prefix_and_the_larger_file_is_kept(make: Make, undisturbed: str) -> None:
    data = make()
    data.complete()
    made = data.made()
    data.edit(videos_per_digit=2)
    smaller = data.complete()
    assert smaller == make(videos_per_digit=2).complete()
    superseded = data.output / ".tui-gen" / "superseded" / "videomnist.h5"
    assert superseded.stat().st_size > data.h5.stat().st_size
    data.edit(videos_per_digit=3)
    assert data.complete() == undisturbed
    assert data.made() == made


def test_a_stopped_run_goes_on(make: Make, undisturbed: str) -> None:
    data = make()
    done = data.call("run", "--limit", "7")
    assert done.code == 0, str(done)
    assert not data.h5.exists()
    assert data.complete() == undisturbed
    assert len(set(data.made())) == 40


def kill_and_go_on(data: Digits, chance: random.Random, kills: int) -> None:
    """Kill a run at random moments, then let it end; what it started must end with it."""
    for _ in range(kills):
        with data.start() as running:
            try:
                running.process.wait(timeout=chance.uniform(0.3, 1.5))
            except subprocess.TimeoutExpired:
                children = running.descendants()
                os.kill(running.process.pid, signal.SIGKILL)
                running.process.wait()
                assert still_alive(children, 5.0) == []


@pytest.mark.crash
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.soak)])
def test_runs_killed_at_random_moments_end_in_the_same_bytes(seed: int, make: Make, undisturbed: str) -> None:
    data = make()
    kill_and_go_on(data, random.Random(seed), kills=2)
    assert data.complete() == undisturbed
    assert list(data.output.glob("**/*.part")) == []


@pytest.mark.soak
@pytest.mark.crash
@pytest.mark.timeout(900)
def test_thirty_kills_at_random_moments_change_no_byte(make: Make) -> None:
    wanted = make(videos_per_digit=60, test_videos_per_digit=12, create_samples=True, num_samples=4)
    reference = wanted.complete()
    chance = random.Random(30)
    for _ in range(10):
        data = make(videos_per_digit=60, test_videos_per_digit=12, create_samples=True, num_samples=4)
        kill_and_go_on(data, chance, kills=3)
        assert data.complete() == reference
        assert list(data.output.glob("**/*.part")) == []


@pytest.mark.soak
@needs_root
def test_a_disk_that_is_full_while_the_file_is_put_together_is_waited_for(
    make: Make, mounts: Callable[[str, Path], None]
) -> None:
    reference = make(videos_per_digit=30).complete()
    data = make(videos_per_digit=30, max_workers=1)
    mounts("size=3000k", data.output)  # the shards take 2 MB, and so does the file
    log = data.output / ".tui-gen" / "engine.log"
    with Running(hurried("run", data.config, patience={"output": 0.2, "beat": 0.2})) as running:
        running.wait_until(
            lambda: log.exists() and log.read_text().count("No space left on device") > 2, "a full disk"
        )
        assert len(set(data.made())) == 310, "the shards have room"
        assert not data.h5.exists()
        subprocess.run(["mount", "-o", "remount,size=12m", str(data.output)], check=True)
        done = running.end()
    assert done.code == 0, str(done)
    assert data.digest() == reference
    assert "failed" not in done.err


# ------------------------------------------------------------------ damage


def test_a_damaged_video_is_found_and_made_again_to_the_same_bytes(make: Make, undisturbed: str) -> None:
    data = make()
    data.complete()
    assert data.call("verify").code == 0
    damage(data)
    found = data.call("verify")
    assert found.code == 5, str(found)
    assert "videomnist.h5 (train, digit 3, video 1): " in found.out
    repaired = data.call("verify", "--repair")
    assert repaired.code == 0, str(repaired)
    assert "Repaired 1 of 1 video, byte for byte." in repaired.err
    assert data.digest() == undisturbed
    assert data.call("verify").code == 0


@pytest.mark.soak
def test_damage_of_the_last_file_is_not_copied_into_a_grown_one(make: Make) -> None:
    """Change one position in the truth of a video: no decoding would notice it."""
    import h5py

    reference = make(videos_per_digit=5).complete()
    data = make()
    data.complete()
    with h5py.File(data.h5, "r+") as file:
        file["train_positions"][3, 0, 0] += 1
    data.edit(videos_per_digit=5)
    assert data.complete() == reference
    assert data.call("verify").code == 0


def test_a_lost_file_is_made_again_to_the_same_bytes_and_told_once(make: Make, undisturbed: str) -> None:
    data = make()
    data.complete()
    data.h5.unlink()
    assert data.call("verify").out == "videomnist.h5: missing\n"
    repaired = data.call("verify", "--repair")
    assert repaired.code == 0, str(repaired)
    assert data.digest() == undisturbed


def test_a_file_that_is_no_hdf5_file_any_more_is_made_again_and_kept(make: Make, undisturbed: str) -> None:
    data = make()
    data.complete()
    data.h5.write_bytes(b"not this")
    assert data.call("verify", "--repair").code == 0
    assert data.digest() == undisturbed
    assert (data.output / ".tui-gen" / "superseded" / "videomnist.h5").read_bytes() == b"not this"


def test_a_torn_shard_is_rendered_again_when_the_file_is_put_together(make: Make, undisturbed: str) -> None:
    data = make()
    assert data.call("run", "--limit", "40").code == 0
    shard = next(iter(sorted(data.shards.iterdir())))
    shard.write_bytes(shard.read_bytes()[:-100])
    assert data.complete() == undisturbed


def test_a_torn_shard_is_found_before_there_is_a_file(make: Make, undisturbed: str) -> None:
    data = make()
    assert data.call("run", "--limit", "40").code == 0
    assert data.call("verify").code == 0
    shard = next(iter(sorted(data.shards.iterdir())))
    shard.write_bytes(shard.read_bytes()[:-100])
    found = data.call("verify")
    assert found.code == 5, str(found)
    assert data.call("verify", "--repair").code == 0
    assert data.call("verify").code == 0
    assert not data.h5.exists(), "a repair puts no file together that was not there"
    assert data.complete() == undisturbed


# ------------------------------------------------------------------ what is refused, and what is redone


@pytest.mark.soak
def test_another_recipe_is_refused_unless_both_may_mix(make: Make) -> None:
    data = make()
    data.complete()
    data.edit(margin=3)
    refused = data.call("run")
    assert refused.code == 2
    assert "margin: 5.0 -> 3.0" in refused.err
    assert data.complete("--mix") == make(margin=3).complete()


def test_changed_samples_are_drawn_anew_and_no_video_is_rendered(make: Make) -> None:
    data = make(create_samples=True, num_samples=1, sample_formats=["gif"], create_comparison=False)
    data.complete()
    made = data.made()
    assert (data.output / "samples" / "digit_0_video_000.gif").exists()
    data.edit(num_samples=2)
    done = data.call("run")
    assert done.code == 0, str(done)
    assert "Redone: samples" in done.out
    second = data.output / "samples" / "digit_1_video_001.gif"
    assert second.exists()
    own = data.output / "samples" / "notes.txt"
    own.write_text("mine")
    data.edit(num_samples=1)
    data.complete()
    assert not second.exists()
    superseded = data.output / ".tui-gen" / "superseded"
    assert [path.parent.name for path in superseded.rglob(second.name)] == ["samples.2"]
    assert own.read_text() == "mine"
    assert data.made() == made


def test_a_run_that_starts_over_renames_what_there_was(make: Make, undisturbed: str) -> None:
    data = make()
    data.complete()
    assert data.complete("--fresh", "--yes") == undisturbed
    (kept,) = data.output.glob("videomnist.h5.2*")
    assert kept.read_bytes() == data.h5.read_bytes()
    assert len(data.made()) == 40


def test_digits_that_are_not_there_are_refused_by_line_and_key(make: Make) -> None:
    data = make(digits="/nowhere/at/all")
    done = data.call("run")
    assert done.code == 2
    assert "generator_config.json:1: digits: " in done.err
    assert not data.output.exists()


@pytest.mark.soak
def test_without_h5py_one_sentence_says_what_to_install(make: Make) -> None:
    data = make()
    script = "import sys; sys.modules['h5py'] = None; from tui_gen.cli import main; sys.exit(main.main())"
    for name in ("run", "plan"):
        call = [sys.executable, "-c", script, name, str(data.config)]
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1
        assert 'pip install ".[videomnist]"' in done.stderr
    assert not data.output.exists()


# ------------------------------------------------------------------ every command


def test_the_demo_takes_seconds_and_every_command_looks_at_it(tmp_path: Path) -> None:
    began = time.monotonic()
    done = run_inside("demo", "--job", "videomnist", tmp_path / "demo")
    assert time.monotonic() - began < 20
    assert done.code == 0, str(done)
    assert "Total videos created:    250" in done.out
    data = Digits(tmp_path / "demo" / "generator_config.json")
    assert len(list((data.output / "samples").glob("*.gif"))) == 10
    assert (data.output / "samples" / "videomnist_montage.png").exists()
    again = run_inside("demo", tmp_path / "demo")
    assert again.code == 0, str(again)
    _look_at(data, tmp_path)


def _look_at(data: Digits, folder: Path) -> None:
    """Call the commands that read a dataset, and see that they speak of digits and videos."""
    calls: dict[str, tuple[str, ...]] = {
        "plan": (),
        "check": (),
        "verify": (),
        "stats": (),
        "report": (),
        "sheet": ("-o", str(folder / "sheet")),
        "monitor": ("--once",),
    }
    said = {name: data.call(name, *flags) for name, flags in calls.items()}
    assert {name: done.code for name, done in said.items()} == dict.fromkeys(calls, 0), str(said)
    for done in said.values():
        assert not {"clip", "clips", "patch", "patches", "film", "films"} & _words(done), str(done)
    assert "Digits: 20 of 20 can be used" in said["plan"].out
    assert "Checked 250 videos: all whole." in said["verify"].err
    assert "Digits: 20; 20 good" in said["check"].out
    assert said["stats"].out.startswith("250 videos measured\n")
    assert (folder / "sheet" / "index.html").read_text().count("<img") > 10
    assert "SAMPLES" in said["report"].out


def _words(done: Done) -> set[str]:
    return set("".join(each if each.isalnum() else " " for each in f"{done.out} {done.err}".lower()).split())


@pytest.mark.parametrize("layout", ["moving-mnist", "predrnn-npz", "folder", "webdataset"])
def test_each_layout_is_exported(layout: str, make: Make, tmp_path: Path) -> None:
    data = make(videos_per_digit=1)
    data.complete()
    done = run_inside("export", layout, tmp_path / "export", "-c", data.config, "--split", "test", "--json")
    assert done.code == 0, str(done)
    told = json.loads(done.out)
    assert [(tree["split"], tree["patches"]) for tree in told["trees"]] == [("test", 10)]
    assert any(path.is_file() for path in (tmp_path / "export").rglob("*"))
    refused = run_inside("export", layout, tmp_path / "other", "-c", data.config, "--split", "val")
    assert refused.code == 2
    shutil.rmtree(tmp_path / "export")


def test_an_engine_at_work_is_asked_and_told_by_ctl(make: Make) -> None:
    data = make(videos_per_digit=2000)
    with data.start() as running:
        lines = data.output / ".tui-gen" / "ledger.jsonl"
        running.wait_until(lambda: lines.exists() and len(data.made()) > 1, "two videos made")
        status = run_inside("ctl", "-c", data.config, "status")
        assert status.code == 0, str(status)
        assert "digits" in status.out
        assert run_inside("ctl", "-c", data.config, "workers", "1").code == 0
        assert run_inside("ctl", "-c", data.config, "drain").code == 0
        done = running.end()
    assert done.code == 4, str(done)
    assert "tui-gen run" in done.out
    assert list(data.shards.glob("*.part")) == []
