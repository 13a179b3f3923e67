"""Aligns releases whose alignment is known, and prints truth, found and residual for each.

    PYTHONPATH=. python benchmarks/pair_alignment.py [--minutes 1] [--only NAME] [--folder DIR [--drawn]]

Columns: the largest error of an offset in frames and of a place in pixels of the release (at five places of
the frame on both axes), the residual that the program reports, the places that match. Then patches of clips
all over the film, with the right offset and with offsets that are wrong by 1, 2 and 5 frames: how many are
accepted, and how many of those have another frame than the true one (false). A clip may put a wrong offset
right, as its frames are compared with those around the expected ones.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.paired_films import WEB, Film, Release, write_films
from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.media import ClipFrames, Ffmpeg, find_ffmpeg, probe, read_clips, survey
from tui_gen.jobs.superres.pairing.alignment import aligned
from tui_gen.jobs.superres.pairing.clip_pairing import NotPaired, PairedPatch, paired_patch
from tui_gen.jobs.superres.pairing.pair_track import PairTrack
from tui_gen.jobs.superres.pairing.release_reader import with_release
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.jobs.superres.units import ClipTask, Cut, Probe, Stretch, Survey
from tui_gen.media.film_facts import ProbeFacts, SurveyFacts
from tui_gen.media.geometry import Region, Size

FRAMES_PER_SECOND = 24
SETTINGS = Settings(config_path=Path("/c.json"), output=Path("/out"), videos=(), categories={}, nice=10)
PATCH = PatchFormat("patch", Size(192, 192), Size(64, 64), "Patches", "")
WRONG = (-5, -2, -1, 0, 1, 2, 5)
CLIPS = 12
NTSC = "24000/1001"


def releases(frames: int) -> tuple[Release, ...]:
    """Return the releases of a film of so many frames: those that fit, and those that do not."""
    third = frames // 3
    return (
        Release("plain", rate="24", size=Size(320, 180), sample_aspect="1/1", encoder=WEB, noise=1.0),
        Release("pal-dvd", crop=Region(10, 6, 620, 350), logo_frames=37),
        Release(
            "ntsc-dvd",
            rate=NTSC,
            size=Size(360, 240),
            sample_aspect="32/27",
            leading=31,
            crop=Region(4, 2, 632, 356),
        ),
        Release("pal-cut", cut=(third, third + 240), crop=Region(8, 4, 624, 351), noise=6.0),
        Release("letterbox", bars=36, sample_aspect="16/15", crop=Region(0, 0, 640, 360), logo_frames=5),
        Release("graded", rate="24", size=Size(480, 270), sample_aspect="1/1", gamma=1.4, noise=8.0),
        Release(
            "narrow", rate="24", size=Size(360, 288), sample_aspect="16/15", crop=Region(80, 0, 480, 360)
        ),
        Release("edited", edited=True),
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """A film with its facts."""

    path: Path
    probe: ProbeFacts
    survey: SurveyFacts

    @property
    def unit(self) -> Survey:
        """The unit that surveys the film."""
        return Survey("film", str(self.path), "Film", SETTINGS, self.probe, self.survey, ())


async def looked_at(path: Path, ffmpeg: Ffmpeg) -> Looked:
    """Probe and survey a film."""
    facts = await probe(Probe("film", str(path), SETTINGS).file, least_frames=7, ffmpeg=ffmpeg)
    if isinstance(facts, Unusable):
        raise TypeError(facts.reason)
    found = await survey(Survey("film", str(path), "Film", SETTINGS, facts, None, ()), ffmpeg=ffmpeg)
    if isinstance(found, Unusable):
        raise TypeError(found.reason)
    return Looked(path, facts, found)


async def align(film: Looked, path: Path, ffmpeg: Ffmpeg) -> PairTrack | str:
    """Align a release; return why it is refused instead."""
    found = await aligned(film.unit, str(path), film.survey, ffmpeg=ffmpeg, threads=1)
    return found if isinstance(found, PairTrack) else found[1]


def offset_error(track: PairTrack, release: Release, frames: int) -> float:
    """Return the largest error of an offset in frames of the release, in the middle of each segment."""
    truth, rate = release.truth(frames), float(Fraction(release.rate))
    errors = []
    for segment in track.segments:
        middle = int((segment.begin_seconds + segment.end_seconds) / 2 * FRAMES_PER_SECOND)
        known = min(truth, key=lambda frame: abs(frame - middle))
        errors.append(abs(track.release_seconds(known / FRAMES_PER_SECOND) * rate - truth[known]))
    return max(errors)


def place_error(track: PairTrack, release: Release, film: Film) -> float:
    """Return the largest error of a place in pixels of the release."""
    scale_x, shift_x, scale_y, shift_y = release.axes(film.size)
    crop = release.crop or Region(0, 0, film.size.width, film.size.height)
    across, down = track.placement.across, track.placement.down
    errors = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        u = (crop.x + share * crop.width) / film.size.width
        v = (crop.y + share * crop.height) / film.size.height
        errors += [
            abs(across.of(u) - scale_x * u - shift_x) * release.size.width,
            abs(down.of(v) - scale_y * v - shift_y) * release.size.height,
        ]
    return max(errors)


@dataclass(slots=True)
class Counts:
    """The patches of some clips."""

    tried: int = 0
    accepted: int = 0
    false: int = 0
    worst_residual: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)

    def take(self, made: PairedPatch | NotPaired, *, is_true: bool) -> None:
        """Count one patch."""
        self.tried += 1
        if isinstance(made, NotPaired):
            self.reasons[made.reason.partition("(")[0].partition(",")[0].strip()] += 1
            return
        self.accepted += 1
        self.false += not is_true
        self.worst_residual = max(self.worst_residual, float(str(made.record["residual"])))


def wrong_by(track: PairTrack, frames: int) -> PairTrack:
    """Return an alignment whose offsets are wrong by some frames."""
    off = frames * (track.probe.frame_seconds or 0.0)
    moved = (replace(each, offset_seconds=each.offset_seconds + off) for each in track.segments)
    return replace(track, segments=tuple(moved))


def stretch_of(film: Looked, track: PairTrack) -> Stretch:
    """Return clips all over a film, with patches at different places."""
    part = track.film_part(film.probe.even_upright)
    tasks = []
    for number in range(CLIPS):
        seconds = (number + 0.5) / CLIPS * film.probe.duration_seconds
        x = part.x + 8 + number * 37 % max(1, part.width - PATCH.gt.width - 16)
        y = part.y + 8 + number * 23 % max(1, part.height - PATCH.gt.height - 16)
        region = Region(x, y, PATCH.gt.width, PATCH.gt.height)
        cut = Cut("general", "General", PATCH, film.probe.even_upright, region, part, "x")
        tasks.append(ClipTask(number, (seconds,), (cut,)))
    return Stretch(
        source="film",
        path=str(film.path),
        name="Film",
        settings=SETTINGS,
        probe=film.probe,
        survey=film.survey,
        peak=None,
        tasks=tuple(tasks),
        pair=track,
    )


async def patches(film: Looked, track: PairTrack, release: Release, ffmpeg: Ffmpeg) -> dict[int, Counts]:
    """Make patches all over the film with offsets that are wrong by some frames."""
    stretch = stretch_of(film, track)
    frames = round(film.probe.duration_seconds * FRAMES_PER_SECOND)
    truth, rate = release.truth(frames), float(Fraction(release.rate))
    counts = {wrong: Counts() for wrong in WRONG}
    async for report in with_release(stretch, read_clips, ffmpeg=ffmpeg, threads=1):
        if not isinstance(report, ClipFrames):
            continue
        wanted = [truth.get(round(each * FRAMES_PER_SECOND)) for each in report.pts_seconds]
        for wrong, counted in counts.items():
            cut = stretch.tasks[report.index].cuts[0]
            made = paired_patch(wrong_by(track, wrong), report, cut, SETTINGS)
            counted.take(made, is_true=isinstance(made, PairedPatch) and shown(track, made, rate) == wanted)
    return counts


def shown(track: PairTrack, made: PairedPatch, rate: float) -> list[int]:
    """Return the frames of the release that a patch shows."""
    pts = np.array(made.record["pts"], dtype=float) - track.probe.first_pts_seconds
    return [round(float(each) * rate) for each in pts]


async def measured(arguments: argparse.Namespace, folder: Path) -> None:
    """Print the tables."""
    ffmpeg = find_ffmpeg(None, {})
    frames = round(arguments.minutes * 60 * FRAMES_PER_SECOND)
    film = Film(1, frames)
    chosen = [each for each in releases(frames) if arguments.only in {None, each.name}]
    if not arguments.drawn:
        write_films(ffmpeg.path, film, folder, chosen)
        write_films(ffmpeg.path, Film(2, frames), folder, [], film_name="other.mkv")
    looked = await looked_at(folder / "film.mkv", ffmpeg)
    print(f"{'release':10} {'offset error':>12} {'place error':>11} {'residual':>8} {'places':>7}  parts")
    tracks: list[tuple[Release, PairTrack]] = []
    for release in [*chosen, Release("other")]:
        found = await align(looked, folder / f"{release.name}.mkv", ffmpeg)
        if isinstance(found, str):
            print(f"{release.name:10} refused: {found}", flush=True)
            continue
        tracks.append((release, found))
        errors = f"{offset_error(found, release, frames):12.3f} {place_error(found, release, film):11.3f}"
        matching = f"{found.matching}/{found.places}"
        parts = len(found.segments)
        print(f"{release.name:10} {errors} {found.residual_pixels:8.3f} {matching:>7}  {parts}", flush=True)
    print(f"\n{'release':10} {'wrong by':>8} {'clips':>5} {'accepted':>8} {'false':>5} {'residual':>8}")
    for release, track in tracks:
        for wrong, counts in (await patches(looked, track, release, ffmpeg)).items():
            line = f"{release.name:10} {wrong:8} {counts.tried:5} {counts.accepted:8} {counts.false:5}"
            reasons = ", ".join(f"{count} {reason}" for reason, count in counts.reasons.items())
            print(f"{line} {counts.worst_residual:8.3f}  {reasons}", flush=True)


def main(given: Sequence[str] | None = None) -> None:
    """Draw the films and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--only")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--drawn", action="store_true", help="the folder has the films of an earlier call")
    arguments = parser.parse_args(given)
    if arguments.folder is not None:
        arguments.folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(measured(arguments, arguments.folder))
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measured(arguments, Path(folder)))


if __name__ == "__main__":
    main()
