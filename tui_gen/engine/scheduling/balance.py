"""Decides which workers end because there are too many, of all together or on one machine. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from tui_gen.engine.scheduling.worker import Worker


def balanced(
    workers: Iterable[Worker], most: int, target: Callable[[str], int]
) -> Iterator[tuple[Worker, bool]]:
    """Yield each worker whose order to end changes, and whether the worker must end.

    `most` is the number of all workers, `target` that of each machine. The newest workers end first.
    """
    on_machine = Counter[str]()
    for position, worker in enumerate(sorted(workers, key=lambda worker: worker.number)):
        on_machine[worker.machine] += 1
        is_ending = position >= most or on_machine[worker.machine] > target(worker.machine)
        if worker.is_ending != is_ending:
            yield worker, is_ending
