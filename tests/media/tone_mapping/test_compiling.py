"""The kernel computes the same bytes however it was compiled, and compiles wherever it can be kept or not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.media.tone_mapping.test_kernel import FINGERPRINT

ROOT = Path(__file__).parents[3]
PRINT = "from tests.media.tone_mapping.test_kernel import fingerprint; print(fingerprint())"
NOWHERE = "from numba.core.caching import CacheImpl; CacheImpl._locator_classes = []; "

pytestmark = pytest.mark.soak  # each compiles the kernel, for 5 seconds


def started(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def printed(child: subprocess.Popen[str]) -> str:
    with child:
        assert child.stdout is not None
        said = child.stdout.read().strip()
    assert child.returncode == 0
    return said


def test_code_for_any_processor_computes_the_same_bytes(tmp_path: Path) -> None:
    child = started(PRINT, NUMBA_CPU_NAME="generic", NUMBA_CACHE_DIR=str(tmp_path))
    assert printed(child) == FINGERPRINT
    assert list(tmp_path.rglob("*.nbc"))


@pytest.mark.parametrize("threads", ["1", "2", "8"])
def test_the_number_of_threads_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, threads: str
) -> None:
    cache = tmp_path_factory.getbasetemp() / "numba"
    names = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    child = started(PRINT, NUMBA_CACHE_DIR=str(cache), **dict.fromkeys(names, threads))
    assert printed(child) == FINGERPRINT


def test_two_processes_may_fill_the_cache_at_once(tmp_path: Path) -> None:
    children = [started(PRINT, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2)]
    assert [printed(child) for child in children] == [FINGERPRINT, FINGERPRINT]
    assert printed(started(PRINT, NUMBA_CACHE_DIR=str(tmp_path))) == FINGERPRINT


def test_without_a_folder_for_the_cache_the_kernel_compiles_each_time() -> None:
    assert printed(started(NOWHERE + PRINT)) == FINGERPRINT
