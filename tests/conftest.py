"""What every test may use: the embedded ffmpeg, the folder of real media, and what is made once for all.

Invariant: the files that take longest begin first, so that neither of two processes works alone at the end.
"""

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest
from hypothesis import HealthCheck, settings

# A loaded machine must not fail a property that holds. For long runs: --hypothesis-profile=tui-gen-long
for profile, examples in (("tui-gen", 30), ("tui-gen-long", 1000)):
    settings.register_profile(
        profile, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile("tui-gen")

TESTS = Path(__file__).parent

# nohup, a shell's "&" and service managers leave signals ignored or blocked, and every program a test
# starts would inherit that. What is tested is a program that a person starts in a terminal.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, ())

# Where byte code may not be written, each of the many starts of the program compiles all of its modules.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Of the hundreds of processes that load numpy, each would start a thread for each core.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

# readline exports the size of the terminal to every test process of pytest-xdist. Programs that write to a
# pipe would keep to that width.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)


@pytest.fixture(scope="session")
def embedded_ffmpeg() -> str:
    """Path of the ffmpeg that imageio-ffmpeg carries."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


@pytest.fixture(scope="session")
def media() -> Path:
    """Return the folder of real videos, or skip."""
    folder = os.environ.get("TUI_GEN_TEST_MEDIA")
    if not folder:
        pytest.skip("TUI_GEN_TEST_MEDIA does not name a folder of real videos")
    return Path(folder)


MadeOnce = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Make a folder of this name once, for all processes that run the tests; nobody changes it after."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    shared = root / "made-once"
    shared.mkdir(exist_ok=True)

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder, whole = shared / name, shared / f"{name}.whole"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not whole.exists():
                shutil.rmtree(folder, ignore_errors=True)  # what a test that failed has begun
                folder.mkdir()
                fill(folder)
                whole.touch()
        return folder

    return make


REAPED_SECONDS = 10.0


@pytest.fixture(autouse=True)
def _every_child_that_ended_was_waited_for() -> Iterator[None]:
    """Fail the test that leaves a zombie, rather than a later one that counts the children."""
    yield
    deadline = time.monotonic() + REAPED_SECONDS
    while (zombie := _zombie()) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert zombie is None, f"process {zombie} has ended, and nobody waits for it"


def _zombie() -> int | None:
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # no child at all
        return None
    return None if found is None else found.si_pid


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape what is not UTF-8 in a report: one of several test processes cannot send it to the first."""
    report = yield
    report.sections = [(title, _escaped(text)) for title, text in report.sections]
    said = report.longreprtext
    if _escaped(said) != said:
        report.longrepr = _escaped(said)
    return report


def _escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


LONGEST_FIRST = ("acceptance", "faults", "golden", "jobs", "media", "processes", "commands")
"""Folders whose tests start programs and decoders; the others take a moment each."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with slow tests first, then those of the folders with the longest tests."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def rank(item: pytest.Item) -> tuple[bool, int]:
        folder = item.path.relative_to(TESTS).parts[0]
        return item.path not in slow, (*LONGEST_FIRST, folder).index(folder)

    items.sort(key=rank)
