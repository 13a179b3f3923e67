"""Films that vanish, change or lie hold up their own work alone; a share that drops is waited for."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import stat
import statistics
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.program import Done, Running, load
from tests.faults.conftest import CLIPS_A_FILM, Scene, check_words, needs, needs_root, strace
from tui_gen.engine.control.client import ControlClient
from tui_gen.engine.control.protocol import ControlError


def test_a_share_that_drops_is_waited_for_and_picked_up_when_it_is_back(scene: Scene) -> None:
    unreachable = scene.films.with_name("share")
    with scene.start() as running:
        scene.wait_for_clips(running, 3)
        scene.films.rename(unreachable)
        scene.films.mkdir()  # the mount point stays
        running.wait_until(lambda: scene.state().startswith("waiting"), "waiting for sources")
        reason = scene.state()
        scene.films.rmdir()
        unreachable.rename(scene.films)
        done = running.end()
    assert str(scene.films) in reason
    assert done.err.count("waiting for sources") == 1
    assert done.code == 0, str(done)
    assert scene.data.status()["progress"]["clips_failed"] == 0
    scene.finish(done)


@pytest.mark.soak
def test_a_share_that_is_gone_at_the_start_of_a_later_run_keeps_its_seats(scene: Scene) -> None:
    first = scene.run("--limit", "5")
    assert first.code == 0, str(first)
    unreachable = scene.films.with_name("share")
    scene.films.rename(unreachable)
    with scene.start() as running:
        running.wait_until(lambda: scene.state().startswith("waiting"), "waiting for sources")
        unreachable.rename(scene.films)
        done = running.end()
    assert done.code == 0, str(done)
    scene.finish(done)


@pytest.mark.soak
@needs_root
def test_a_share_that_is_unmounted_under_a_decoder_is_waited_for(scene: Scene) -> None:
    below = scene.films.with_name("below")
    scene.films.rename(below)
    scene.films.mkdir()
    subprocess.run(["mount", "--bind", str(below), str(scene.films)], check=True)
    try:
        with scene.start() as running:
            scene.wait_for_clips(running, 3)
            subprocess.run(["umount", "-l", str(scene.films)], check=True)
            running.wait_until(lambda: scene.state().startswith("waiting"), "waiting for sources")
            subprocess.run(["mount", "--bind", str(below), str(scene.films)], check=True)
            done = running.end()
        assert done.code == 0, str(done)
        scene.finish(done)
    finally:
        subprocess.run(["umount", "-l", str(scene.films)], check=False)


def test_a_film_that_is_replaced_while_it_is_read_is_set_aside_and_not_mixed(scene: Scene) -> None:
    film, kept = scene.films / "bert.mp4", scene.films.with_name("kept.mp4")
    with scene.start("--workers", "1") as running:
        running.wait_until(
            lambda: any(clip.startswith("bert") for clip, _ in whole_lines(scene)), "a clip of Bert"
        )
        running.signal(signal.SIGSTOP)  # however long it takes, the film is not done meanwhile
        kept.hardlink_to(film)
        other = scene.films / "other"
        shutil.copyfile(scene.films / "anna.mkv", other)
        other.replace(film)
        running.signal(signal.SIGCONT)
        done = running.end()
    assert done.code == 3, str(done)
    assert "the file changed while the run was on" in done.err
    made = scene.data.tree()
    assert made.items() <= scene.reference.items()
    kept.replace(film)
    scene.finish(done)


def whole_lines(scene: Scene) -> list[tuple[str, str]]:
    """Return what is made so far; a last line may be on its way."""
    try:
        return scene.data.made()
    except (FileNotFoundError, ValueError):
        return []


@pytest.mark.soak
def test_a_film_deleted_while_the_run_is_on_costs_its_own_clips_alone(scene: Scene) -> None:
    film, kept = scene.films / "cleo.mkv", scene.films.with_name("kept.mkv")
    with scene.start("--workers", "1") as running:
        scene.wait_for_clips(running, 1)
        film.rename(kept)
        done = running.end()
    assert done.code in {0, 3}, str(done)
    assert {clip.partition(":")[0] for clip, _ in scene.data.made()} >= {"anna", "bert"}
    kept.rename(film)
    scene.finish(done)


@needs("strace")
@pytest.mark.parametrize("when", ["4+3", pytest.param("2+2", marks=pytest.mark.soak)])
def test_a_disk_that_cannot_read_a_film_gives_no_patch_of_guessed_frames(
    when: str, scene: Scene, tmp_path: Path
) -> None:
    done = run_with_failing_reads(scene, when, tmp_path / "told")
    assert {clip.partition(":")[0] for clip, _ in scene.data.made()} >= {"bert", "cleo"}
    scene.finish(done)


@pytest.mark.soak
@needs("strace")
@pytest.mark.parametrize("when", ["9+16", pytest.param("20+9", marks=pytest.mark.soak)])
def test_reads_that_fail_after_a_film_was_looked_at_give_no_patch_of_guessed_frames(
    when: str, scene: Scene, tmp_path: Path
) -> None:
    assert scene.run("--limit", "2").code in {0, 3, 4}
    run_with_failing_reads(scene, when, tmp_path / "told")
    scene.run()
    assert scene.data.tree().items() <= scene.reference.items()


@needs("strace")
@pytest.mark.soak
def test_what_could_not_be_read_once_is_made_by_the_next_run(scene: Scene, tmp_path: Path) -> None:
    assert scene.run("--limit", "2").code in {0, 3, 4}
    scene.finish(run_with_failing_reads(scene, "9+16", tmp_path / "told"))


def run_with_failing_reads(scene: Scene, when: str, told: Path) -> Done:
    """Run while some reads of Anna fail, and see that no byte is another."""
    inject = f"inject=read,pread64:error=EIO:when={when}"
    prefix = strace("trace=read,pread64", inject, path=scene.films / "anna.mkv", told=str(told))
    with scene.start(prefix=prefix) as running:
        done = running.end()
    assert done.code in {0, 3}, str(done)
    assert "INJECTED" in told.read_text(encoding="utf-8"), "nothing was injected"
    assert scene.data.tree().items() <= scene.reference.items()
    return done


@pytest.mark.soak
@needs("strace")
def test_a_share_that_answers_slowly_holds_up_neither_the_other_films_nor_the_steering(
    scene: Scene,
) -> None:
    inject = f"inject=read,pread64:delay_enter={SLOW_MICROSECONDS}:when=1..20"
    prefix = strace("trace=read,pread64", inject, path=scene.films / "anna.mkv")
    with scene.start("--workers", "2", prefix=prefix) as running:
        running.wait_until(lambda: scene.socket() is not None, "an answering engine")
        path = scene.socket()
        assert path is not None
        answers = asyncio.run(answer_seconds(path, running))
        done = running.end()
    assert done.code == 0, str(done)
    assert scene.data.status()["progress"]["clips_failed"] == 0
    assert statistics.median(answers) < 0.2 * load()
    scene.finish(done)


SLOW_MICROSECONDS = 60_000


async def answer_seconds(path: Path, running: Running) -> list[float]:
    """Return how long a run's engine takes to answer, asked again and again to its end."""
    client, answers = ControlClient(path), list[float]()
    try:
        await client.connect()
        while running.process.poll() is None:
            began = time.monotonic()
            await client.refresh()
            answers.append(time.monotonic() - began)
            await asyncio.sleep(0.1)
    except ControlError:  # it has ended
        pass
    finally:
        await client.close()
    return answers


def test_what_is_no_film_is_said_once_and_costs_the_others_nothing(scene: Scene) -> None:
    odd = scene.films.with_name("odd")
    odd.mkdir()
    os.mkfifo(odd / "pipe.mkv")
    os.mknod(odd / "socket.mkv", stat.S_IFSOCK | 0o600)
    (odd / "folder.mkv").mkdir()
    (odd / "endless.mkv").symlink_to("/dev/zero")
    (odd / "empty.mkv").touch()
    (odd / "text.mkv").write_text("no film")
    (odd / "list.mkv").write_text(f"#EXTM3U\n#EXTINF:1,\nfile://{scene.films / 'anna.mkv'}\n")
    (odd / "concat.mkv").write_text(f"ffconcat version 1.0\nfile {scene.films / 'anna.mkv'}\n")
    (odd / "half.mp4").write_bytes((scene.films / "bert.mp4").read_bytes()[:3000])
    names = sorted(path.name for path in odd.iterdir())

    def add(settings: dict[str, object]) -> None:
        videos = settings["videos"]
        assert isinstance(videos, list)
        videos += [{"name": n, "path": str(odd / n), "categories": {"general": 1.0}} for n in names]

    scene.data.edit(add)
    done = scene.run()
    assert done.code == 3, str(done)
    for name in names:
        assert done.err.count(f"{name}: ") == 1, (name, str(done))
    assert scene.data.tree() == scene.reference


@pytest.mark.soak
def test_films_that_were_cut_short_or_are_a_few_frames_long_give_what_they_hold_and_no_frame_twice(
    scene: Scene, embedded_ffmpeg: str
) -> None:
    few = scene.films.with_name("few")
    few.mkdir()

    def copy(film: str, name: str, *flags: str) -> Path:
        quiet = [embedded_ffmpeg, "-nostdin", "-loglevel", "error", "-i", str(scene.films / film)]
        subprocess.run([*quiet, "-c", "copy", *flags, str(few / name)], check=True)
        return few / name

    for path in (copy("anna.mkv", "cut.mkv"), copy("bert.mp4", "cut.mp4", "-movflags", "+faststart")):
        os.truncate(path, path.stat().st_size * 6 // 10)
    for count in (6, 7, 8):
        copy("cleo.mkv", f"{count}.mkv", "-frames:v", str(count))
    names = sorted(path.name for path in few.iterdir())
    videos = [
        {"name": n, "path": str(few / n), "id": n.replace(".", ""), "categories": {"space": 1}} for n in names
    ]
    scene.data.edit(lambda settings: settings.update(videos=videos))
    done = scene.run()
    assert done.code == 3, str(done)
    check_words(done)
    assert "6.mkv: too short: only 6 frames, need 7" in done.err
    given = Counter(clip.partition(":")[0] for clip, _ in scene.data.made())
    assert (given["7mkv"], given["8mkv"]) == (1, 1)
    # 3.6 of 6 seconds are there and 3 of 5, of which windows of seven frames find room for so many.
    assert 3 <= given["cutmkv"] < CLIPS_A_FILM
    assert 3 <= given["cutmp4"] < CLIPS_A_FILM
    pictures = [digest for path, digest in scene.data.tree().items() if "/GT/" in path]
    assert len(pictures) == len(set(pictures)) == given.total()
    before = scene.data.stamps()
    again = scene.run()
    assert again.code == 3, str(again)
    assert scene.data.stamps() == before
    scene.check_invariants()


@pytest.mark.soak
def test_of_several_picture_tracks_the_first_is_read_from_the_first_look_to_the_last_frame(
    scene: Scene, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    film, cover, several = scene.films / "anna.mkv", tmp_path / "cover.png", tmp_path / "several.mkv"
    quiet = [embedded_ffmpeg, "-nostdin", "-loglevel", "error"]
    subprocess.run([*quiet, "-f", "lavfi", "-i", "testsrc", "-frames:v", "1", str(cover)], check=True)
    inputs = [part for path in (film, scene.films / "cleo.mkv") for part in ("-i", str(path))]
    attached = ["-attach", str(cover), "-metadata:s:t", "mimetype=image/png"]
    subprocess.run(
        [*quiet, *inputs, "-map", "0", "-map", "1", "-c", "copy", *attached, str(several)], check=True
    )
    film.unlink()
    several.rename(film)
    done = scene.run()
    assert done.code == 0, str(done)
    assert scene.data.tree() == scene.reference


@pytest.mark.soak
def test_hundreds_of_missing_films_are_named_hold_up_nothing_and_are_used_when_they_come(
    scene: Scene,
) -> None:
    names = [f"missing{number:03d}.mkv" for number in range(MISSING)]
    missing = [
        {"name": n, "path": str(scene.films / n), "id": n[:-4], "categories": {"toon": 1.0}} for n in names
    ]
    scene.data.edit(lambda settings: settings["videos"].__setitem__(slice(0, 0), missing))
    done = scene.run()
    assert done.code == 3, str(done)
    assert [name for name in names if f"{name}: file not found" not in done.err] == []
    assert scene.data.tree() == scene.reference
    shutil.copyfile(scene.films / "anna.mkv", scene.films / names[7])
    done = scene.run()
    assert done.code == 3, str(done)
    assert scene.data.count("GT", f"patch_{names[7][:-4]}*") > 0
    assert scene.data.tree().items() >= scene.reference.items()


MISSING = 400
HOSTILE = [
    "-y.mkv", "concat:a.mkv", "http:x.mkv", "a%03d.mkv", ";rm -r *", "$(touch x).mkv", "[b][@click=x].mkv",
    "\x1b]0;PWN\x07\x9b31m.mkv", "bidi\u202egnp.mkv", "n" * 251 + ".mkv", "new\nline.mkv", "é\u0301🙂.mkv",
]  # fmt: skip


@pytest.mark.soak
def test_films_with_hostile_names_are_films_like_any_other(scene: Scene) -> None:
    names = [*HOSTILE, os.fsdecode(b"latin\xff.mkv")]
    for name in names:
        # The file system of the test's folder may allow fewer bytes than one of a film library.
        shutil.copyfile(scene.films / "anna.mkv", scene.films / name)
    videos = [{"name": n, "path": str(scene.films / n), "categories": {"space": 1}} for n in names]
    scene.data.edit(lambda settings: settings.update(videos=videos))
    scene.data.edit(lambda settings: settings["base_settings"].update(base_frame_limit=2))
    done = scene.run("--verbose")
    assert done.code == 0, str(done)
    said = done.out + done.err + scene.log()
    assert not {c for c in said if c < " " and c != "\n"}
    assert not set(said) & {"\x7f", "\x9b", "\u202e"}
    assert scene.data.count("GT") == 2 * len(names)
    assert not Path("x").exists()


# ------------------------------------------------------------------ bit rot

SMALL_BYTES = 400_000
ALWAYS, ALL = 6, 200


def rotten(media: Path, folder: Path, numbers: range) -> list[Path]:
    """Write variants of small real films in which a hundredth of all bytes are others."""
    small = sorted(
        path for path in media.rglob("*")
        if path.is_file() and 1000 < path.stat().st_size < SMALL_BYTES and path.suffix != ".json"
    )  # fmt: skip
    made = []
    for number in numbers:
        chance = random.Random(number)
        film = small[number % len(small)]
        data = bytearray(film.read_bytes())
        for _ in range(max(1, len(data) // 100)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path = folder / f"{number:03d}_{film.name}"
        path.write_bytes(data)
        made.append(path)
    return made


@pytest.mark.media
@pytest.mark.parametrize(
    "numbers",
    [
        range(ALWAYS),
        *(
            pytest.param(range(start, start + 20), marks=[pytest.mark.soak, pytest.mark.timeout(900)])
            for start in range(0, ALL, 20)
        ),
    ],
    ids=str,
)
def test_rotten_films_end_in_frames_or_in_a_reason(numbers: range, media: Path, scene: Scene) -> None:
    made = rotten(media, scene.films.with_name("canary"), numbers)
    before = {path: path.read_bytes() for path in made}
    videos = [
        {"name": path.name, "path": str(path), "categories": {"space": 1.0}, "id": f"r{number}"}
        for number, path in enumerate(made)
    ]
    scene.data.edit(lambda settings: settings.update(videos=videos))
    scene.data.edit(lambda settings: settings["base_settings"].update(base_frame_limit=2))
    with scene.start(patience={"stall": [60.0, 60.0]}) as running:
        done = running.end(600)
    assert done.code in {0, 2, 3}, str(done)
    assert "Traceback" not in done.err
    assert "probe failed" not in done.err
    said = done.out + done.err
    assert not {c for c in said if c < " " and c != "\n"}
    assert {path: path.read_bytes() for path in made} == before
    scene.check_no_survivor()
