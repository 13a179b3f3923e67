"""Two checkouts of the program, one against the other: what a clip and what the engine costs.

    python benchmarks/compare_trees.py OLD NEW [--pairs 10] [--gate 1.03] [--only clip engine]

Runs the benchmark of each tree with that tree's own modules, old and new in turn, and prints for each
figure the median ratio new/old with its 95 % interval (bootstrap of the median, fixed seed). A gate fails
when the lower end of an interval is above it: the exit status is then 1. The order within a pair
alternates. Ratios of one run can be trusted on a noisy machine; seconds cannot.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DRAWS = 10_000


@dataclass(frozen=True)
class Workload:
    """A benchmark, and the figures in what it prints: name -> pattern with the seconds as its group."""

    script: str
    arguments: tuple[str, ...]
    figures: Mapping[str, str]


WORKLOADS = {
    "clip": Workload(
        "clip_cost.py",
        ("--clips", "8", "--seconds", "15", "--sample", "24", "sdr", "--only", "program"),
        {
            "UHD, CPU": r"(?s)HDR10.*?this program: ([0-9.]+) CPU s",
            "UHD, wall": r"(?s)HDR10.*?this program: [0-9.]+ CPU s and ([0-9.]+) wall",
            "SDR, CPU": r"(?s)SDR.*?this program: ([0-9.]+) CPU s",
            "SDR, wall": r"(?s)SDR.*?this program: [0-9.]+ CPU s and ([0-9.]+) wall",
        },
    ),
    "engine": Workload(
        "engine_cost.py",
        ("--films", "60", "--made", "1000", "--seconds", "4"),
        {
            "ledger read, CPU": r"ledger read +([0-9.]+) CPU s",
            "first plan, CPU": r"first plan and first stretch +([0-9.]+) CPU s",
            "a clip handed out, wall": r"clips handed out: ([0-9,]+) a second",
        },
    ),
}
RATES = frozenset({"a clip handed out, wall"})
"""Figures that are printed per second: their ratio is turned round."""


def measure(tree: Path, workload: Workload, more: Sequence[str]) -> dict[str, float]:
    """Run a tree's benchmark and return its figures."""
    done = subprocess.run(
        [sys.executable, str(tree / "benchmarks" / workload.script), *workload.arguments, *more],
        check=True,
        capture_output=True,
        text=True,
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
    )
    figures = {}
    for name, pattern in workload.figures.items():
        found = re.search(pattern, done.stdout)
        if found is None:
            message = f"{tree}: {workload.script} printed no {name}:\n{done.stdout}"
            raise ValueError(message)
        figures[name] = float(found[1].replace(",", ""))
    return figures


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of the median."""
    draw = random.Random(0)
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(DRAWS))
    return medians[int(0.025 * DRAWS)], medians[int(0.975 * DRAWS) - 1]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--gate", type=float, default=1.03)
    parser.add_argument("--only", choices=WORKLOADS, nargs="+", default=list(WORKLOADS))
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "tui-gen-bench")
    options = parser.parse_args()
    has_failed = False
    for name in options.only:
        workload = WORKLOADS[name]
        more = ("--cache", str(options.cache)) if name == "clip" else ()
        ratios: defaultdict[str, list[float]] = defaultdict(list)
        for pair in range(options.pairs + 1):
            trees = (options.old, options.new) if pair % 2 else (options.new, options.old)
            found = {tree: measure(tree.resolve(), workload, more) for tree in trees}
            if not pair:
                continue  # warms caches up
            for figure, value in found[options.new].items():
                ratio = value / found[options.old][figure]
                ratios[figure].append(1 / ratio if figure in RATES else ratio)
        for figure, values in ratios.items():
            low, high = interval(values)
            verdict = "above the gate" if low > options.gate else "ok"
            has_failed |= low > options.gate
            print(
                f"{name:<7} {figure:<26} new/old {statistics.median(values):.3f}"
                f"  [{low:.3f}, {high:.3f}]  {len(values)} pairs  {verdict}",
                flush=True,
            )
    return 1 if has_failed else 0


if __name__ == "__main__":
    sys.exit(main())
