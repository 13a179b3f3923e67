"""What a film costs once, before its first patch: CPU seconds of the probe and the survey, by child process.

    PYTHONPATH=. python benchmarks/survey_cost.py [FILM ...] [--demo] [--media DIR] [--repeat 3]

--demo adds the UHD film of the demo, drawn into a temporary folder, --media the films of a folder that are
HDR or of at least 1280x720. Each figure is the median of the repeats. With the PYTHONPATH of another checkout
the script measures that checkout. The last column is what the survey found: two checkouts can be compared.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres import demo, media
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.media import Ffmpeg, find_ffmpeg
from tui_gen.jobs.superres.units import PROBED_FRAMES, Probe, Survey
from tui_gen.media.film_facts import ProbeFacts, SurveyFacts
from tui_gen.processes import children
from tui_gen.processes.children import Command

SETTINGS = Settings(config_path=Path("/c.json"), output=Path("/out"), videos=(), categories={}, nice=0)
LEAST_PIXELS = 1280 * 720
PARTS = {"showinfo=checksum=0": "first frames", "idet": "idet"}
"""Filters of ffmpeg -> the part of the look that runs it."""


@dataclass
class Costs:
    """The CPU seconds of the children of one look at a film, by part. They run one after the other."""

    started: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Note each start of a child."""
        start = children.start_child

        def noted(command: Command) -> children.Child:
            self.started.append((_part(command), _of_children()))
            return start(command)

        setattr(children, "start_child", noted)  # noqa: B010 - mypy refuses an assignment to a function
        try:
            yield
        finally:
            setattr(children, "start_child", start)  # noqa: B010
            self.started.append(("", _of_children()))

    def by_part(self) -> dict[str, float]:
        """Return the CPU seconds of each part."""
        found: dict[str, float] = defaultdict(float)
        for (name, before), (_, after) in zip(self.started, self.started[1:], strict=False):
            found[name] += after - before
        return found


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _part(command: Command) -> str:
    words = command.arguments([0] * len(command.sinks))
    script = next((Path(word).stem for word in words if word.endswith(".py")), None)
    filters = words[words.index("-vf") + 1] if "-vf" in words else "places"
    return script or PARTS.get(filters, "colour trial")


@dataclass(frozen=True)
class Look:
    """What one look at a film cost and found."""

    parts: dict[str, float]
    wall_seconds: float
    facts: ProbeFacts | Unusable
    found: SurveyFacts | Unusable


async def look_at(path: Path, ffmpeg: Ffmpeg) -> Look:
    """Probe and survey a film."""
    costs, began = Costs(), time.monotonic()
    with costs.measured():
        file = Probe("film", str(path), SETTINGS).file
        facts = await media.probe(file, least_frames=PROBED_FRAMES, ffmpeg=ffmpeg)
        found: SurveyFacts | Unusable
        if isinstance(facts, Unusable):
            found = facts
        else:
            unit = Survey("film", str(path), "film", SETTINGS, facts, None, ())
            found = await media.survey(unit, ffmpeg=ffmpeg)
    return Look(costs.by_part(), time.monotonic() - began, facts, found)


def described(look: Look) -> str:
    """Return what was found, in short."""
    if isinstance(look.found, Unusable):
        return look.found.reason
    picture, found = look.found.picture, look.found
    words = [f"{picture.width}x{picture.height}+{picture.x}+{picture.y}", f"{found.bar_votes} votes"]
    words += ["interlaced"] if found.is_interlaced else []
    words += ["telecined"] if found.is_telecined else []
    words += ["combed parts"] if found.combed_parts else []
    words += ["other parts"] if found.other_parts else []
    return ", ".join(words)


def measure(path: Path, ffmpeg: Ffmpeg, repeats: int, *, is_wanted: Callable[[Look], bool]) -> None:
    """Print a line about a film."""
    looks = [asyncio.run(look_at(path, ffmpeg))]
    if not is_wanted(looks[0]):
        return
    looks += [asyncio.run(look_at(path, ffmpeg)) for _ in range(repeats - 1)]
    parts = {name: statistics.median(look.parts.get(name, 0.0) for look in looks) for name in looks[0].parts}
    total = statistics.median(sum(look.parts.values()) for look in looks)
    wall = statistics.median(look.wall_seconds for look in looks)
    listed = ", ".join(f"{name} {seconds:.2f}" for name, seconds in parts.items())
    print(f"{path.name}: {total:.2f} CPU s, {wall:.2f} wall s ({listed}); {described(looks[0])}", flush=True)


def is_hdr_or_large(look: Look) -> bool:
    """Return whether a film of the test media is worth a line."""
    facts = look.facts
    if isinstance(facts, Unusable):
        return False
    return facts.hdr_class != "sdr" or facts.coded.width * facts.coded.height >= LEAST_PIXELS


def main() -> None:
    """Measure the films in the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("films", nargs="*", type=Path, metavar="FILM")
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--media", type=Path, metavar="DIR")
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    ffmpeg = find_ffmpeg(None, os.environ)
    for film in arguments.films:
        measure(film, ffmpeg, arguments.repeat, is_wanted=lambda _: True)
    if arguments.demo:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / demo.FILMS[0].file
            demo.make_film(demo.FILMS[0], Path(folder), ffmpeg.path)
            measure(made, ffmpeg, arguments.repeat, is_wanted=lambda _: True)
    if arguments.media is not None:
        for film in sorted(path for path in arguments.media.rglob("*.*") if path.is_file()):
            measure(film, ffmpeg, arguments.repeat, is_wanted=is_hdr_or_large)


if __name__ == "__main__":
    main()
