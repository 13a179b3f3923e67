"""The facts about a film's pair: the release, and how it lies in time and space against the film.

    time     release = rate * film + offset of the segment       seconds from the first PTS of each track
    place    u' = scale * u + shift                              shares of the upright frames' width or height

The ledger keeps the facts under the key "pair" of a source's facts. A release that cannot be used has a
reason in place of the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil, floor
from typing import Any

from tui_gen.engine.model.work import JsonObject
from tui_gen.media.facts_json import probe_from_json, probe_to_json, survey_from_json, survey_to_json
from tui_gen.media.film_facts import ProbeFacts, SurveyFacts
from tui_gen.media.geometry import Region, Size

PAIR_FACTS = "pair"
"""The key of a source's facts."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the film that the release shows without a cut of its own. Times are those of the film."""

    begin_seconds: float
    end_seconds: float
    offset_seconds: float


@dataclass(frozen=True, slots=True)
class Axis:
    """The place of the film's picture in the release's on one axis, as shares of the frames' lengths."""

    scale: float
    shift: float

    def of(self, share: float) -> float:
        """Return the share of the release's frame that shows this share of the film's."""
        return self.scale * share + self.shift

    def back(self, share: float) -> float:
        """Return the share of the film's frame that shows this share of the release's."""
        return (share - self.shift) / self.scale


@dataclass(frozen=True, slots=True)
class Placement:
    """The place of the film's picture in the release's."""

    across: Axis
    down: Axis


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """The file of the release when it was aligned."""

    path: str
    size_bytes: int | None  # None: there was no file
    mtime_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTrack:
    """A release that is aligned with its film."""

    file: ReleaseFile
    probe: ProbeFacts
    survey: SurveyFacts
    rate: float  # seconds of the release per second of the film
    segments: tuple[Segment, ...]  # in the order of time
    placement: Placement
    residual_pixels: float  # the largest shift left at the places compared, in pixels of the release
    correlation: float  # the least at the places compared
    places: int  # that were compared frame by frame
    matching: int  # of these, the places that agree

    def release_seconds(self, film_seconds: float) -> float:
        """Return the time of the release that shows a time of the film, by the nearest segment."""
        return self.rate * film_seconds + self.segment_at(film_seconds).offset_seconds

    def segment_at(self, film_seconds: float) -> Segment:
        """Return the segment that a time of the film is in, or the nearest one."""

        def distance(segment: Segment) -> float:
            return max(segment.begin_seconds - film_seconds, film_seconds - segment.end_seconds, 0.0)

        return min(self.segments, key=distance)

    def film_part(self, upright: Size) -> Region:
        """Return the part of the film's frame, in its upright pixels, that the release's picture shows."""
        seen, frame = self.survey.picture, self.probe.even_upright
        across, down = self.placement.across, self.placement.down
        left = ceil(upright.width * across.back(seen.x / frame.width))
        right = floor(upright.width * across.back((seen.x + seen.width) / frame.width))
        top = ceil(upright.height * down.back(seen.y / frame.height))
        bottom = floor(upright.height * down.back((seen.y + seen.height) / frame.height))
        left, top = max(0, left), max(0, top)
        return Region(left, top, min(upright.width, right) - left, min(upright.height, bottom) - top)

    def pixels_per_lr(self, frame: Size, ratio: int) -> tuple[float, float]:
        """Return how many pixels of the release an LR pixel covers, across and down.

        `frame` is the size of the film's whole frame from which GT is cut.
        """
        release = self.probe.even_upright
        return (
            ratio * self.placement.across.scale * release.width / frame.width,
            ratio * self.placement.down.scale * release.height / frame.height,
        )


def pair_to_json(track: PairTrack) -> dict[str, Any]:
    """Return the facts as a JSON object."""
    entries = asdict(track)
    entries["probe"], entries["survey"] = probe_to_json(track.probe), survey_to_json(track.survey)
    return entries


def refused_to_json(file: ReleaseFile, reason: str) -> dict[str, Any]:
    """Return the fact that a release cannot be used."""
    return {"file": asdict(file), "refused": reason}


def pair_refusal(reason: str) -> str:
    """Return the sentence that says why a film with a pair gives no clips."""
    return f'its pair cannot be used: {reason}; take "pair" out of its entry to use the film alone'


def file_of(entries: JsonObject) -> ReleaseFile:
    """Return the file that facts are about."""
    return ReleaseFile(**entries["file"])


def refusal_of(entries: JsonObject) -> str | None:
    """Return why a release cannot be used, or None."""
    reason = entries.get("refused")
    return None if reason is None else str(reason)


def pair_from_json(entries: JsonObject) -> PairTrack:
    """Return the facts that `pair_to_json` wrote. Raises KeyError or TypeError on anything else."""
    values: dict[str, Any] = dict(entries)
    values["file"] = file_of(entries)
    values["probe"] = probe_from_json(entries["probe"])
    values["survey"] = survey_from_json(entries["survey"])
    values["segments"] = tuple(Segment(**segment) for segment in entries["segments"])
    values["placement"] = _placement(entries["placement"])
    return PairTrack(**values)


def _placement(entries: Mapping[str, Any]) -> Placement:
    return Placement(Axis(**entries["across"]), Axis(**entries["down"]))
