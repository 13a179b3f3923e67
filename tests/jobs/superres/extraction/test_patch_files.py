"""The files of a patch stand whole or not at all: whatever fails, and whenever the process dies."""

import errno
import hashlib
import json
import os
import pickle
import re
import resource
import shutil
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.superres.extraction.test_patches import CUT, SMALL
from tui_gen.base.writer_token import WRITER_PATTERN
from tui_gen.jobs.superres.dataset.folders import OutputError, prepare_folders
from tui_gen.jobs.superres.dataset.leftovers import sweep_leftovers
from tui_gen.jobs.superres.extraction.patches import write_patch

FILES = {"gt": b"gt" * 4000, "lr": b"lr" * 3000, "lr7": b"lr7" * 3000}
FINALS = {
    "Universal/Learn/Patches/GT/patch_dune_2021_idx0042.png": FILES["gt"],
    "Universal/Learn/Patches/LR/patch_dune_2021_idx0042.png": FILES["lr"],
    "Universal/Learn/Patches/LR_7frames/patch_dune_2021_idx0042.png": FILES["lr7"],
}


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def without_token(temporary: Path) -> str:
    return re.sub(rf"\.{WRITER_PATTERN}\.", ".", temporary.as_posix())


def has_gt_in_hand(files: Iterable[str]) -> bool:
    name = f"{CUT.category_folder}/.tui-gen-tmp/{CUT.file_stem}.GT.tmp"
    return name in {without_token(Path(file)) for file in files}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    prepare_folders(folder, CUT.category_folder, [SMALL])
    return folder


# ------------------------------------------------------------------------------------------ the files


def test_a_written_patch_stands_under_its_final_names_and_is_described(output: Path) -> None:
    patch = write_patch(FILES, CUT, output=output, scale=0.5)
    assert files_below(output) == FINALS
    assert patch.category == "general"
    assert patch.size_bytes == 8000 + 6000 + 9000
    assert patch.record == {
        "format": "small",
        "x": 40,
        "y": 30,
        "width": 48,
        "height": 36,
        "sizes": {"gt": 8000, "lr": 6000, "lr7": 9000},
        "scale": 0.5,
        "files": dict(zip(("gt", "lr", "lr7"), FINALS, strict=True)),
        "sha256": {
            "gt": hashlib.sha256(FILES["gt"]).hexdigest(),
            "lr": hashlib.sha256(b"lr" * 3000).hexdigest(),
            "lr7": hashlib.sha256(b"lr7" * 3000).hexdigest(),
        },
    }
    json.dumps(patch.record)


def test_a_patch_with_one_stack_gets_two_files(output: Path) -> None:
    patch = write_patch({"gt": FILES["gt"], "lr7": FILES["lr7"]}, CUT, output=output, scale=1.0)
    assert set(files_below(output)) == {path for path in FINALS if "/LR/" not in path}
    assert set(patch.record["files"]) == set(patch.record["sha256"]) == {"gt", "lr7"}


def test_a_patch_with_seven_ground_truths_gets_four_files(output: Path) -> None:
    prepare_folders(output, CUT.category_folder, [SMALL], kinds=["gt7"])
    patch = write_patch({**FILES, "gt7": b"gt7"}, CUT, output=output, scale=1.0)
    place = "Universal/Learn/Patches/GT_7frames/patch_dune_2021_idx0042.png"
    assert files_below(output) == {**FINALS, place: b"gt7"}
    assert patch.record["files"]["gt7"] == place
    assert patch.record["sha256"]["gt7"] == hashlib.sha256(b"gt7").hexdigest()


def test_nothing_of_a_patch_stands_when_its_seven_ground_truths_cannot_be_written(output: Path) -> None:
    with pytest.raises(OutputError):  # there is no folder for them
        write_patch({**FILES, "gt7": b"gt7"}, CUT, output=output, scale=1.0)
    assert files_below(output) == {}


def test_writing_again_replaces_the_files(output: Path) -> None:
    write_patch({"gt": b"old", "lr": b"old", "lr7": b"old"}, CUT, output=output, scale=1.0)
    write_patch(FILES, CUT, output=output, scale=1.0)
    assert files_below(output) == FINALS


def test_temporaries_and_files_follow_the_umask(output: Path) -> None:
    before = os.umask(0o027)
    try:
        write_patch(FILES, CUT, output=output, scale=1.0)
    finally:
        os.umask(before)
    temporaries = output / CUT.category_folder / ".tui-gen-tmp"
    assert stat.S_IMODE(temporaries.stat().st_mode) == 0o750
    assert {stat.S_IMODE((output / path).stat().st_mode) for path in FINALS} == {0o640}


def test_everything_is_on_the_disk_before_gt_gets_its_name(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    fsync, rename = os.fsync, os.rename

    def noted_fsync(descriptor: int) -> None:
        flushed = Path(f"/proc/self/fd/{descriptor}").readlink()
        order.append(f"flush {without_token(flushed.relative_to(output / CUT.category_folder))}")
        fsync(descriptor)

    def noted_rename(source: str, target: str, **folders: int) -> None:
        order.append(f"rename {without_token(Path(source))}")
        rename(source, target, **folders)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "rename", noted_rename)
    write_patch(FILES, CUT, output=output, scale=1.0)
    stem = CUT.file_stem
    assert order == [
        f"flush .tui-gen-tmp/{stem}.GT.tmp",
        f"flush .tui-gen-tmp/{stem}.LR.tmp",
        f"flush .tui-gen-tmp/{stem}.LR_7frames.tmp",
        f"rename {stem}.LR.tmp",
        "flush Patches/LR",
        f"rename {stem}.LR_7frames.tmp",
        "flush Patches/LR_7frames",
        f"rename {stem}.GT.tmp",
        "flush Patches/GT",
    ]


@pytest.mark.parametrize(
    "folder", ["\udcff\udcfe", "a\nb", "%03d", "-y", "\u202e\u00dcber [/b]", "\x1b]0;x\x07"]
)
def test_names_of_any_bytes_work(tmp_path: Path, folder: str) -> None:
    output, name = tmp_path / folder, folder.replace("/", "_")
    cut = replace(CUT, category_folder=f"{folder}/{folder}", file_stem=f"patch_{name}_idx0001")
    prepare_folders(output, cut.category_folder, [SMALL])
    patch = write_patch(FILES, cut, output=output, scale=1.0)
    for kind, content in FILES.items():
        assert (output / patch.record["files"][kind]).read_bytes() == content
    assert sweep_leftovers(output, cut.category_folder, lambda _: False) == 0
    assert len(files_below(output)) == 3
    json.loads(json.dumps(patch.record))


# ---------------------------------------------------------------------------------- when writing fails


def failing(call: str, number: int, patched: pytest.MonkeyPatch, *, error: int) -> Callable[[], int]:
    """Make the `number`-th call of one kind fail, opening to read left out; return how many there were."""
    seen = 0
    real = getattr(os, call)

    def failing_call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - stands for any of four functions
        nonlocal seen
        if call == "open" and not args[1] & os.O_CREAT:
            return real(*args, **kwargs)
        seen += 1
        if seen == number:
            raise OSError(error, os.strerror(error))
        return real(*args, **kwargs)

    patched.setattr(os, call, failing_call)
    return lambda: seen


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("call", ["open", "write", "fsync", "rename"])
def test_whatever_fails_leaves_nothing_half_made(
    output: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    failure: OutputError | None = None
    with monkeypatch.context() as patched:
        seen = failing(call, number, patched, error=errno.EIO)
        try:
            write_patch(FILES, CUT, output=output, scale=1.0)
        except OutputError as error:
            failure = error
    assert (failure is not None) == (seen() >= number)
    assert files_below(output) == ({} if failure else FINALS)
    if failure:
        assert failure.errno == errno.EIO
        assert failure.is_obstruction
        assert failure.filename.startswith(str(output))
    write_patch(FILES, CUT, output=output, scale=1.0)
    assert files_below(output) == FINALS


def test_when_only_the_last_flush_fails_the_whole_patch_stands(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing("fsync", 6, monkeypatch, error=errno.EIO)
    with pytest.raises(OutputError):
        write_patch(FILES, CUT, output=output, scale=1.0)
    assert files_below(output) == FINALS


def test_a_failure_does_not_take_away_what_stood_there(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_patch(FILES, CUT, output=output, scale=1.0)
    failing("rename", 3, monkeypatch, error=errno.ENOSPC)
    with pytest.raises(OutputError) as caught:
        write_patch(FILES, CUT, output=output, scale=1.0)
    assert caught.value.is_obstruction
    assert files_below(output) == FINALS


def test_a_failed_cleaning_up_is_told_and_left_to_the_next_start(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, renamed = os.rename, 0

    def refuse_after_the_first(source: str, target: str, **folders: int) -> None:
        nonlocal renamed
        renamed += 1
        if renamed > 1:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        rename(source, target, **folders)

    with monkeypatch.context() as patched:
        # What stands cannot be moved back either; temporaries could be removed.
        patched.setattr(os, "rename", refuse_after_the_first)
        with pytest.raises(OutputError) as caught:
            write_patch(FILES, CUT, output=output, scale=1.0)
    assert "next start" in caught.value.__notes__[0]
    assert has_gt_in_hand(files_below(output))
    assert sweep_leftovers(output, CUT.category_folder, lambda _: False) == 3
    assert files_below(output) == {}


def test_a_missing_folder_is_not_made_anew(output: Path) -> None:
    gone = output / CUT.category_folder / "Patches" / "LR"
    gone.rmdir()
    with pytest.raises(OutputError) as caught:
        write_patch(FILES, CUT, output=output, scale=1.0)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOENT, str(gone))
    assert files_below(output) == {}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 64 KiB, or skip where mounting is not allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a small file system: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_is_an_obstruction_and_leaves_nothing(small_disk: Path) -> None:
    prepare_folders(small_disk, CUT.category_folder, [SMALL])
    too_much = {"gt": b"x" * 20_000, "lr": b"y" * 20_000, "lr7": b"z" * 40_000}
    with pytest.raises(OutputError) as caught:
        write_patch(too_much, CUT, output=small_disk, scale=1.0)
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.is_obstruction
    assert "LR_7frames" in caught.value.filename
    assert files_below(small_disk) == {}
    write_patch(FILES, CUT, output=small_disk, scale=1.0)
    assert files_below(small_disk) == FINALS


def test_a_file_cut_short_by_a_limit_leaves_nothing(output: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8500, before[1]))
    try:
        with pytest.raises(OutputError) as caught:
            write_patch(FILES, CUT, output=output, scale=1.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.errno == errno.EFBIG
    assert files_below(output) == {}


# --------------------------------------------------------------------------------------- hostile links


def test_a_folder_that_leads_outside_is_refused(output: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "GT").mkdir(parents=True)
    patches = output / CUT.category_folder / "Patches"
    (patches / "GT").rmdir()
    (patches / "GT").symlink_to(outside / "GT")
    with pytest.raises(OutputError, match="leads outside") as caught:
        write_patch(FILES, CUT, output=output, scale=1.0)
    assert caught.value.errno == errno.ELOOP
    assert files_below(outside) == {}


def test_a_folder_linked_within_the_output_is_used(output: Path) -> None:
    patches = output / CUT.category_folder / "Patches"
    (output / "elsewhere").mkdir()
    (patches / "GT").rmdir()
    (patches / "GT").symlink_to(output / "elsewhere")
    write_patch(FILES, CUT, output=output, scale=1.0)
    assert (output / "elsewhere" / "patch_dune_2021_idx0042.png").read_bytes() == FILES["gt"]


def test_planted_links_are_not_followed(
    output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    temporaries = output / CUT.category_folder / ".tui-gen-tmp"
    temporaries.mkdir()
    (output / next(iter(FINALS))).symlink_to(victim)
    with monkeypatch.context() as patched:
        patched.setattr("tui_gen.jobs.superres.extraction.patches.new_token", lambda: "0badcafe-1")
        (temporaries / f"{CUT.file_stem}.0badcafe-1.GT.tmp").symlink_to(victim)
        with pytest.raises(OutputError):
            write_patch(FILES, CUT, output=output, scale=1.0)
    sweep_leftovers(output, CUT.category_folder, FINALS.__contains__)
    write_patch(FILES, CUT, output=output, scale=1.0)
    assert victim.read_bytes() == b"precious"
    assert files_below(output) == FINALS
    assert not (output / next(iter(FINALS))).is_symlink()


def test_a_linked_folder_of_temporaries_is_refused(output: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (output / CUT.category_folder / ".tui-gen-tmp").symlink_to(tmp_path / "outside")
    with pytest.raises(OutputError):
        write_patch(FILES, CUT, output=output, scale=1.0)
    assert files_below(tmp_path) == {}


# ---------------------------------------------------------------------------------------- every death

KILLED_AT_EVERY_STEP = textwrap.dedent("""
    import itertools, os, pickle, signal, sys
    from pathlib import Path
    from tui_gen.jobs.superres.dataset.folders import prepare_folders
    from tui_gen.jobs.superres.dataset.leftovers import sweep_leftovers
    from tui_gen.jobs.superres.extraction.patches import write_patch

    prepare, act = pickle.loads(sys.stdin.buffer.read())
    base = Path(sys.argv[1])

    def perform(step, output):
        what, *values = step
        if what == "prepare":
            prepare_folders(output, *values)
        elif what == "write":
            write_patch(*values, output=output, scale=1.0)
        elif what == "link":
            source, target = values
            (output / target).parent.mkdir(exist_ok=True, parents=True)
            (output / target).write_bytes(source)
        else:
            sweep_leftovers(output, *values, lambda path: False)

    for death in itertools.count(1):
        output = base / str(death)
        for step in prepare:
            perform(step, output)
        child = os.fork()
        if child == 0:
            steps = 0
            def die_at_step(event, arguments):
                global steps
                if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"):
                    steps += 1
                    if steps == death:
                        os.kill(os.getpid(), signal.SIGKILL)
            sys.addaudithook(die_at_step)
            perform(act, output)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.exit(os.WEXITSTATUS(status))
        assert os.WTERMSIG(status) == signal.SIGKILL
""")

NEIGHBOUR = {"Universal/Learn/Patches/LR/patch_dune_2021_idx0043.png": b"another"}
Step = tuple[Any, ...]


def killed_at_every_step(tmp_path: Path, prepare: list[Step], act: Step) -> list[Path]:
    """Act in one output folder per step that touches the disk, killed just before it; return them.

    The last one is the output folder of the child that lived.
    """
    subprocess.run(
        [sys.executable, "-c", KILLED_AT_EVERY_STEP, tmp_path], input=pickle.dumps((prepare, act)), check=True
    )
    return [tmp_path / str(number) for number in range(1, len(list(tmp_path.iterdir())) + 1)]


PREPARED: list[Step] = [
    ("prepare", CUT.category_folder, [SMALL]),
    ("link", b"another", next(iter(NEIGHBOUR))),
]


@pytest.mark.crash
def test_whenever_writing_is_killed_the_sweep_leaves_all_or_nothing(tmp_path: Path) -> None:
    outputs = killed_at_every_step(tmp_path, PREPARED, ("write", FILES, CUT))
    assert len(outputs) > 9
    stages = set()
    for output in outputs:
        left = files_below(output)
        standing = {path: content for path, content in left.items() if path in FINALS}
        stages.add(len(standing))
        assert standing.items() <= FINALS.items()
        assert next(iter(FINALS)) not in standing or standing == FINALS
        if 0 < len(standing) < 3:
            assert has_gt_in_hand(left)
        sweep_leftovers(output, CUT.category_folder, NEIGHBOUR.__contains__)
        assert files_below(output) == NEIGHBOUR | (FINALS if standing == FINALS else {})
        assert not (output / CUT.category_folder / ".tui-gen-tmp").exists()
        write_patch(FILES, CUT, output=output, scale=1.0)
        assert files_below(output) == NEIGHBOUR | FINALS
    assert stages == {0, 1, 2, 3}


@pytest.mark.crash
def test_whenever_writing_again_is_killed_the_recorded_patch_stands(tmp_path: Path) -> None:
    outputs = killed_at_every_step(tmp_path, [*PREPARED, ("write", FILES, CUT)], ("write", FILES, CUT))
    for output in outputs:
        sweep_leftovers(output, CUT.category_folder, FINALS.__contains__)
        assert files_below(output) == NEIGHBOUR | FINALS


@pytest.mark.crash
def test_whenever_the_sweep_is_killed_the_next_one_finishes_it(tmp_path: Path) -> None:
    stem = CUT.file_stem
    left_over: list[Step] = [
        *PREPARED,
        ("link", b"lr", f"{CUT.category_folder}/Patches/LR/{stem}.png"),
        ("link", b"lr7", f"{CUT.category_folder}/Patches/LR_7frames/{stem}.png"),
        ("link", b"gt", f"{CUT.category_folder}/.tui-gen-tmp/{stem}.5f3a9c12-7.GT.tmp"),
        ("link", b"", f"{CUT.category_folder}/.tui-gen-tmp/{stem}.LR.tmp"),
    ]
    outputs = killed_at_every_step(tmp_path, left_over, ("sweep", CUT.category_folder))
    assert len(outputs) > 4
    for output in outputs:
        sweep_leftovers(output, CUT.category_folder, lambda _: False)
        assert files_below(output) == NEIGHBOUR
        assert not (output / CUT.category_folder / ".tui-gen-tmp").exists()


# ------------------------------------------------------------------------------ two processes on one patch

HELD_WRITER = textwrap.dedent("""
    import os, pickle, sys
    from pathlib import Path
    from tui_gen.jobs.superres.extraction.patches import write_patch

    output, holds_at = Path(sys.argv[1]), sys.argv[2]
    files, cut = pickle.loads(bytes.fromhex(sys.stdin.readline()))
    write, rename = os.write, os.rename
    renamed = 0

    def hold():
        print("held", flush=True)
        sys.stdin.readline()

    def held_rename(*arguments, **folders):
        global renamed
        renamed += 1
        if holds_at == f"rename {renamed}":
            hold()
        if holds_at == f"failing rename {renamed}":
            hold()
            raise OSError(5, "Input/output error")
        rename(*arguments, **folders)

    def half_write(descriptor, data):
        if holds_at == "half":
            count = write(descriptor, data[: len(data) // 2])
            hold()
            return count
        return write(descriptor, data)

    os.rename, os.write = held_rename, half_write
    try:
        write_patch(files, cut, output=output, scale=1.0)
        print("written", flush=True)
    except OSError as error:
        print(f"failed: {error.strerror}", flush=True)
""")


class HeldWriter:
    """A process that writes a patch, and is held at one step until it is let go on or killed."""

    def __init__(self, output: Path, holds_at: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HELD_WRITER, output, holds_at],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say(pickle.dumps((FILES, CUT)).hex())
        assert self._hear() == "held"

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def _hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go_on(self) -> str:
        self._say("")
        return self._hear()


@pytest.fixture
def held(output: Path) -> Iterator[Callable[[str], HeldWriter]]:
    writers: list[HeldWriter] = []

    def start(holds_at: str) -> HeldWriter:
        writers.append(HeldWriter(output, holds_at))
        return writers[-1]

    yield start
    for writer in writers:
        with writer.process as process:
            process.kill()


def test_two_processes_on_one_patch_never_put_a_torn_file_in_place(
    output: Path, held: Callable[[str], HeldWriter]
) -> None:
    lost = held("rename 1")  # all is written, nothing is in place
    other = held("half")
    assert lost.go_on() == "written"
    assert files_below(output).items() >= FINALS.items()
    assert other.go_on() == "held"
    assert files_below(output).items() >= FINALS.items()


def test_a_process_takes_back_only_files_of_its_own(output: Path, held: Callable[[str], HeldWriter]) -> None:
    lost = held("failing rename 3")  # both stacks are in place, and it fails at GT
    write_patch(FILES, CUT, output=output, scale=1.0)
    assert lost.go_on() == "failed: Input/output error"
    assert files_below(output) == FINALS


def test_a_process_whose_folder_of_temporaries_is_gone_takes_back_its_files(
    output: Path, held: Callable[[str], HeldWriter]
) -> None:
    lost = held("failing rename 3")
    shutil.rmtree(output / CUT.category_folder / ".tui-gen-tmp")
    assert lost.go_on() == "failed: Input/output error"
    assert files_below(output) == {}


def test_a_process_that_fails_beside_another_one_leaves_its_files_to_the_other(
    output: Path, held: Callable[[str], HeldWriter]
) -> None:
    other, lost = held("rename 1"), held("failing rename 3")
    assert lost.go_on() == "failed: Input/output error"
    assert other.go_on() == "written"
    assert {path for path in files_below(output) if path.endswith(".png")} == set(FINALS)
    sweep_leftovers(output, CUT.category_folder, FINALS.__contains__)
    assert files_below(output) == FINALS


@pytest.mark.parametrize("holds_at", ["half", "rename 1", "rename 2", "rename 3"])
def test_the_temporaries_of_a_dead_process_are_swept_after_another_made_its_patch(
    output: Path, held: Callable[[str], HeldWriter], holds_at: str
) -> None:
    held(holds_at).process.kill()
    write_patch(FILES, CUT, output=output, scale=1.0)
    sweep_leftovers(output, CUT.category_folder, FINALS.__contains__)
    assert files_below(output) == FINALS
    assert not (output / CUT.category_folder / ".tui-gen-tmp").exists()


def test_a_process_whose_temporaries_were_swept_puts_nothing_in_place(
    output: Path, held: Callable[[str], HeldWriter]
) -> None:
    lost = held("rename 1")
    assert sweep_leftovers(output, CUT.category_folder, lambda _: False) == 3
    assert lost.go_on() == "failed: No such file or directory"
    assert files_below(output) == {}
