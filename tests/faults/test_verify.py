"""Damage to finished patches is found by `verify`, and undone by `verify --repair` to the byte."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.acceptance.program import Done, Running, command, run_inside
from tests.faults.conftest import Scene, check_words


def verify(scene: Scene, *flags: str) -> Done:
    done = run_inside("verify", scene.data.config, *flags)
    check_words(done)
    return done


def some_gt(scene: Scene, number: int = 0) -> Path:
    return sorted(path for path in scene.data.paths() if path.parent.name == "GT")[number]


def test_a_whole_dataset_is_found_whole(finished: Scene) -> None:
    done = verify(finished)
    assert (done.code, done.out) == (0, ""), str(done)
    assert "patches: all whole" in done.err


def test_every_kind_of_damage_is_named_and_made_good_to_the_byte(finished: Scene) -> None:
    gone, empty, torn, rotten = (some_gt(finished, number) for number in (0, 3, 5, 8))
    stack = gone.parent.parent / "LR" / some_gt(finished, 4).name
    others = finished.data.stamps()
    gone.unlink()
    stack.unlink(missing_ok=True)
    empty.write_bytes(b"")
    torn.write_bytes(torn.read_bytes()[:500])
    content = bytearray(rotten.read_bytes())
    content[-30] ^= 1
    rotten.write_bytes(content)
    finished.data.output.joinpath("General", "Patches_tiny", "GT", "stray.txt").write_text("mine")
    found = verify(finished)
    assert found.code == 5, str(found)
    lines = dict(line.split(": ", 1) for line in found.out.splitlines())

    def wrong(path: Path) -> str:
        return lines[str(path.relative_to(finished.data.output))]

    assert wrong(gone) == "missing"
    assert wrong(empty) == "damaged: empty"
    assert wrong(torn).startswith("damaged")
    assert wrong(rotten) in {"another content than recorded", "damaged: does not decode"}
    assert lines["General/Patches_tiny/GT/stray.txt"] == "in no line of the ledger"
    repaired = verify(finished, "--repair")
    assert repaired.code == 0, str(repaired)
    assert "byte for byte" in repaired.err
    stray = finished.data.output / "General" / "Patches_tiny" / "GT" / "stray.txt"
    assert stray.read_text() == "mine"
    stray.unlink()
    assert finished.data.tree() == finished.reference
    touched = {Path(path).name for path, stat in finished.data.stamps().items() if others[path] != stat}
    assert touched <= {path.name for path in (gone, empty, torn, rotten, stack)}
    assert verify(finished).code == 0
    assert finished.run().code == 0
    assert finished.data.tree() == finished.reference


def test_repair_makes_nothing_else(finished: Scene) -> None:
    finished.data.edit(lambda settings: settings["base_settings"].update(base_frame_limit=20))
    some_gt(finished).unlink()
    done = verify(finished, "--repair")
    assert done.code == 0, str(done)
    assert finished.data.tree() == finished.reference


def test_what_cannot_be_made_again_is_said(finished: Scene) -> None:
    lost = some_gt(finished)
    name = next(name for name in ("anna", "bert", "cleo") if name in lost.name)
    film = next(finished.films.glob(f"{name}.*"))
    film.write_bytes(b"no film at all")
    lost.unlink()
    done = verify(finished, "--repair")
    assert done.code == 5, str(done)
    assert "missing, still" in done.out
    assert "Repaired 0 of 1 patch" in done.err


def test_a_patch_moved_for_validation_counts_as_moved(finished: Scene) -> None:
    gt = some_gt(finished)
    category = gt.parents[2]
    for kind in ("GT", "LR"):
        (gt.parents[1] / kind / gt.name).rename(category / "Val" / kind / gt.name)
    done = verify(finished)
    assert (done.code, done.out) == (0, ""), str(done)
    assert "1 of them moved" in done.err


def test_a_sample_is_checked_alone(finished: Scene) -> None:
    done = verify(finished, "--sample", "3")
    assert "Checked 3 patches" in done.err, str(done)


@pytest.mark.soak
def test_an_engine_at_work_is_not_disturbed(scene: Scene) -> None:
    with scene.start() as running:
        scene.wait_for_clips(running, 2)
        running.signal(signal.SIGSTOP)  # it holds the lock, and cannot be done before this test is
        looked = verify(scene)
        refused = verify(scene, "--repair")
        running.signal(signal.SIGCONT)
        done = running.end()
    assert looked.code == 0, str(looked)
    assert "An engine is at work here" in looked.err
    assert refused.code == 11, str(refused)
    assert done.code == 0, str(done)
    scene.check_finished()


def test_without_a_ledger_there_is_nothing_to_verify(scene: Scene) -> None:
    done = verify(scene)
    assert done.code == 2, str(done)
    assert "there is no ledger" in done.err
    assert not scene.data.output.exists()


@pytest.mark.soak
def test_a_killed_repair_is_ended_by_the_next_run(finished: Scene) -> None:
    for number in range(4):
        some_gt(finished, number * 2).unlink()
    made = finished.made()
    with Running(command("verify", finished.data.config, "--repair")) as running:
        running.wait_until(lambda: finished.made() > made, "a patch made again")
        running.process.kill()
        running.process.wait()
    done = finished.run()
    assert done.code == 0, str(done)
    assert finished.data.tree() == finished.reference
    assert verify(finished).code == 0
