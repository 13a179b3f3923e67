"""How many workers the memory and the cores bear, from hand-made measurements."""

from __future__ import annotations

from dataclasses import replace

from tui_gen.engine.model import events as ev
from tui_gen.engine.model import worker_room

GB = 10**9
UNMEASURED = ev.WorkersMeasured(0.0, GB, 10 * GB, 20 * GB, 4)


def seen(*measurements: tuple[int, int]) -> ev.WorkersMeasured:
    """Add up measurements of (bytes of all children, workers at work)."""
    room = UNMEASURED
    for in_use_bytes, workers in measurements:
        now = replace(room, in_use_bytes=in_use_bytes, workers=workers)
        room = worker_room.measured_again(room, now)
    return room


def test_before_a_measurement_a_worker_counts_as_the_jobs_estimate() -> None:
    assert worker_room.worker_bytes(UNMEASURED) == GB
    assert not worker_room.is_measured(UNMEASURED)
    # 10 GB are free, and a twentieth of 20 GB is reserved.
    assert worker_room.workers_in_memory(UNMEASURED, 0) == 9


def test_a_worker_that_takes_more_than_the_estimate_counts_at_once() -> None:
    assert worker_room.worker_bytes(seen((3 * GB, 1))) == 3 * GB


def test_new_processes_are_small_and_do_not_count_yet() -> None:
    assert worker_room.worker_bytes(seen(*[(GB // 10, 1)] * 4)) == GB
    assert worker_room.worker_bytes(seen(*[(GB // 10, 1)] * 5)) == GB // 10


def test_measurements_without_workers_do_not_count() -> None:
    assert worker_room.worker_bytes(seen(*[(0, 0)] * 20)) == GB


def test_the_largest_mean_so_far_counts() -> None:
    room = seen(*[(GB, 2)] * 5, (3 * GB, 2), (GB, 2))
    assert worker_room.worker_bytes(room) == 3 * GB // 2


def test_processes_kept_for_later_work_do_not_count_as_those_of_the_last_worker() -> None:
    room = seen(*[(8 * GB, 8)] * 5, (8 * GB, 1))
    assert worker_room.worker_bytes(room) == GB


def test_workers_that_still_grow_have_their_memory_reserved() -> None:
    room = replace(UNMEASURED, in_use_bytes=GB, workers=3)
    # 9 GB without the reserve; 3 workers will take 3 GB and have 1 GB so far.
    assert worker_room.workers_in_memory(room, 3) == 3 + 7


def test_one_worker_is_borne_without_any_memory_and_those_at_work_stay() -> None:
    room = replace(UNMEASURED, available_bytes=0)
    assert worker_room.workers_in_memory(room, 0) == 1
    assert worker_room.workers_in_memory(room, 5) == 5


def test_the_smaller_of_memory_and_cores_decides() -> None:
    assert worker_room.workers_borne(UNMEASURED) == 8
    assert worker_room.workers_borne(replace(UNMEASURED, cores=64)) == 9


def test_what_is_too_much_is_said_with_the_numbers() -> None:
    assert worker_room.doubts(UNMEASURED, 8) == []
    assert worker_room.doubts(UNMEASURED, 9) == ["4 cores keep up with 8 workers; more make nothing faster."]
    memory, _ = worker_room.doubts(UNMEASURED, 99)
    assert memory == "Memory bears 9: a worker takes 1.0 GB (estimated), 10.0 GB of 20.0 GB are free."
