"""What a run costs beside time: memory that does not grow, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.clip_scaling import APART_FRAMES, FRAMES_PER_SECOND, Run, configuration, make_film, watched


def run_of(folder: Path, clips: int) -> Run:
    film = folder / "film.mkv"
    make_film(film, clips * APART_FRAMES / FRAMES_PER_SECOND + 2, 0)
    return watched(folder, configuration(folder, [film], clips, workers=2), Run(clips, films=1))


@pytest.mark.soak
@pytest.mark.slow
def test_a_run_leaves_no_child_and_no_temporary_file(tmp_path: Path) -> None:
    run = run_of(tmp_path, 40)
    assert run.patches == 40
    assert run.left_over == []


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_memory_is_flat_over_two_thousand_clips(tmp_path: Path) -> None:
    run = run_of(tmp_path, 2000)
    assert run.patches == 2000
    assert run.left_over == []
    early, late = run.memory_megabytes(0.25), run.memory_megabytes(0.95)
    # Processes come and go with the stretches, so two moments of one run differ by a few of them.
    assert late < 1.1 * early + 20
