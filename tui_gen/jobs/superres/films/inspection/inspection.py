"""Inspects every film of a configuration: probe and survey as in a run, then key frames and a trial.

    known from the ledger? ──yes──────────────┐
    probe ──> survey ──> facts as in a run ───┴──> key frames ──> trial at three places ──> Inspected

Invariant: nothing is written. The facts to keep are only those that a run would have recorded.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from tui_gen.base.errors import ObstructedError, SourceChangedError, SourceUnreachableError
from tui_gen.contract.inspect import Column, Condition, Inspected
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject, Learned, Report, Unusable
from tui_gen.jobs.superres.config.recipe import LEGACY_RECIPE, recipe_of
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.extraction.perform import Tools, perform_probe, perform_survey
from tui_gen.jobs.superres.extraction.reading.repeated import TOO_FEW_DIFFERENT
from tui_gen.jobs.superres.films.identity import Identified, missing_of
from tui_gen.jobs.superres.films.inspection.film_remarks import Looked
from tui_gen.jobs.superres.films.inspection.film_report import COLUMNS, State, inspected
from tui_gen.jobs.superres.films.inspection.tools import Examined
from tui_gen.jobs.superres.films.inspection.trial import Trial, trial, trial_places
from tui_gen.jobs.superres.films.source_check import changed_pair
from tui_gen.jobs.superres.films.source_verdict import basis
from tui_gen.jobs.superres.planning.clip_cost import COST, recorded_cost
from tui_gen.jobs.superres.planning.film_capacity import Prospect, prospect
from tui_gen.jobs.superres.planning.plan import plan_extract
from tui_gen.jobs.superres.units import EXTRACT, Probe, Survey
from tui_gen.media.colour import why_perhaps_hdr
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.film_files import NoFile
from tui_gen.media.presence import Presence
from tui_gen.media.probing.keyframe_distance import KeyFrames, key_frames
from tui_gen.media.probing.timestamp_jumps import why_less
from tui_gen.processes.children import ChildError

TRIES = 2
"""A child that was killed or met an I/O error is started once more: this is not a fault of the film."""
_Perform = Callable[[], AsyncGenerator[Report, None]]


@dataclass(slots=True)
class _Learning:
    """The facts about one film so far, and which of them are new."""

    facts: dict[str, Any]
    new: list[tuple[str, Learned | Unusable]] = field(default_factory=list)
    reason: str = ""
    state: State = "good"

    def take(self, stage: str, report: Report) -> None:
        if isinstance(report, Learned):
            self.facts.update(report.facts)
            self.new.append((stage, report))
        elif isinstance(report, Unusable):
            self.give_up(report.reason)
            self.new.append((stage, report))

    def give_up(self, reason: str, state: State = "unusable") -> None:
        self.state, self.reason = state, reason


@dataclass(frozen=True, slots=True)
class FilmInspection:
    """The films of a configuration, and the tools to inspect them."""

    settings: Settings
    identified: Sequence[Identified]
    unreachable: Mapping[str, str]
    presence: Presence
    records: Mapping[str, SourceRecord]
    examined: Examined
    found: Sequence[ev.Event]
    obstacles: Sequence[Condition]  # of the output folder
    columns: Sequence[Column] = COLUMNS

    @property
    def conditions(self) -> Sequence[Condition]:
        """The conditions of the tools and of the categories' folders."""
        return (*self.examined.conditions, *self.obstacles)

    @property
    def recipe(self) -> JsonObject | None:
        """The settings that decide bytes, or None without a usable ffmpeg."""
        ffmpeg, fingerprints = self.examined.ffmpeg, self.examined.fingerprints
        if ffmpeg is None or fingerprints is None:
            return None
        return recipe_of(self.settings, self._sources, ffmpeg=ffmpeg, fingerprints=fingerprints)

    @property
    def legacy_recipe(self) -> JsonObject:
        """The values of recipe keys that older run folders lack."""
        return LEGACY_RECIPE

    @property
    def sources(self) -> Sequence[str]:
        """The ids, in the order of the configuration."""
        return tuple(found.id for found in self.identified)

    @property
    def _sources(self) -> tuple[tuple[str, Any], ...]:
        return tuple((found.id, found.video) for found in self.identified)

    @property
    def _tried_again(self) -> frozenset[str]:
        """The films with an old verdict that was about another file, other tools or other settings."""
        return frozenset(event.source for event in self.found if isinstance(event, ev.SourceRetried))

    def planned(self, records: Mapping[str, SourceRecord], at: float) -> ev.StagePlanned:
        """Plan what a run would make."""
        missing = missing_of(self.identified, self.unreachable)
        plan = plan_extract(self.settings, self._sources, records=records, missing=missing)
        return ev.StagePlanned(at, EXTRACT, plan)

    async def look(self, source: str) -> Inspected:
        """Inspect one film. Cancelling the call ends its children."""
        film = next(found for found in self.identified if found.id == source)
        record = self.records.get(source) or SourceRecord()
        learning = _Learning({**record.facts, **film.facts, **changed_pair(film.video, record)})
        learning.facts = {key: value for key, value in learning.facts.items() if value is not None}
        looked = Looked(film)
        if (hindrance := self._hindrance(film, record)) is not None:
            learning.give_up(*hindrance)
        elif self.examined.ffmpeg is None:
            learning.give_up(f"not looked at: there is no fit {self.examined.unfit}")
        else:
            looked = await self._looked(
                film, learning, Tools(self.examined.ffmpeg, _one_thread, self.presence)
            )
        return inspected(
            self.settings, looked, state=learning.state, reason=learning.reason, new=learning.new
        )

    def _hindrance(self, film: Identified, record: SourceRecord) -> tuple[str, State] | None:
        """Return why a film is not opened and the state that it gets, or None."""
        if film.id in self.unreachable:
            return self.unreachable[film.id], "missing"
        if isinstance(film.look, NoFile):
            return film.look.reason, "missing" if film.look.is_missing else "unusable"
        if not any(weight > 0 for _, weight in film.video.weights):
            return "no category has a weight for it", "left out"
        if record.unusable is not None and film.id not in self._tried_again:
            return record.unusable, "unusable"
        return None

    async def _looked(self, film: Identified, learning: _Learning, tools: Tools) -> Looked:
        """Probe, survey, measure and try a film, as far as possible."""
        await self._learn(film, learning, tools)
        outlook = prospect(self.settings, film.id, film.video, learning.facts)
        if learning.state == "good" and outlook.refusal is not None:
            learning.give_up(outlook.refusal)
        keys = None if outlook.probe is None else await self._keys(film, outlook, learning)
        if learning.state == "unusable":
            return Looked(film, outlook, keys)
        tried = await trial(self.settings, film.id, film.video, outlook, ffmpeg=tools.ffmpeg)
        if tried is not None:
            if tried.cost is not None and recorded_cost(self.settings, learning.facts) is None:
                learning.take(EXTRACT, Learned(film.id, {COST: tried.cost.to_json(self.settings)}))
            _judge(tried, learning, basis(film.id, self.settings, tools.ffmpeg))
        flaw = None if outlook.probe is None else _flaw(outlook.probe)
        if flaw is not None and learning.state == "good":
            learning.give_up(flaw, "flawed")
        return Looked(film, outlook, keys, tried)

    async def _learn(self, film: Identified, learning: _Learning, tools: Tools) -> None:
        """Find the facts that a run needs before the first clip. Known facts are not looked at again."""
        path = film.video.path
        bare = replace(self.settings, videos=())
        if prospect(self.settings, film.id, film.video, learning.facts).probe is None:
            await _perform(lambda: perform_probe(Probe(film.id, path, bare), tools), "probe", learning)
        outlook = prospect(self.settings, film.id, film.video, learning.facts)
        if learning.state != "good" or outlook.probe is None:
            return
        to_align = film.video.pair if outlook.pair is None else None
        if "survey" in learning.facts and to_align is None:
            return
        if outlook.refusal is not None:  # a run does not survey a film that it does not use
            return
        unit = Survey(
            film.id,
            path,
            film.video.name,
            bare,
            outlook.probe,
            outlook.survey,
            (),
            film.video.peak,
            pair=to_align,
        )
        await _perform(lambda: perform_survey(unit, tools), "extract", learning)

    async def _keys(self, film: Identified, outlook: Prospect, learning: _Learning) -> KeyFrames | None:
        probe, line = outlook.probe, outlook.line
        if probe is None or line is None:
            return None
        try:
            return await key_frames(film.video.path, probe, trial_places(line), niceness=self.settings.nice)
        except ChildError as error:
            learning.give_up(error.reason, "flawed")
            return None


def _flaw(probe: ProbeFacts) -> str | None:
    """Return why a film that can be read is not good without a word, or None."""
    if (why := why_perhaps_hdr(probe.colour)) is not None:
        return f'HDR? {why}, but no transfer: give its entry a "transfer"'
    return why_less(probe.parts_seconds)


def _judge(tried: Trial, learning: _Learning, basis: Learned) -> None:
    """Derive the film's state: "flawed" if some places are bad, "unusable" if all are bad."""
    count = len(tried.places)
    if tried.unusable is not None:
        learning.take("extract", basis)
        learning.take("extract", tried.unusable)
    elif tried.bad:
        is_hopeless = len(tried.bad) == count
        reason = f"{tried.bad[0].reason} at {len(tried.bad)} of {count} places tried"
        learning.give_up(reason, "unusable" if is_hopeless else "flawed")
    elif tried.is_black:
        learning.give_up(f"nothing but blank pictures at {count} of {count} places tried", "flawed")
    elif tried.is_still:
        learning.give_up(f"{TOO_FEW_DIFFERENT} at {count} of {count} places tried", "flawed")


def _one_thread() -> int:
    return 1


async def _perform(perform: _Perform, stage: str, learning: _Learning) -> None:
    """Perform a unit that only finds facts. Failures that are not caused by the file are not recorded."""
    for left in reversed(range(TRIES)):
        try:
            async with aclosing(perform()) as reports:
                async for report in reports:
                    learning.take(stage, report)
        except ChildError as error:
            if not left:
                learning.give_up(error.reason)
        except (SourceUnreachableError, SourceChangedError, ObstructedError) as error:
            learning.give_up(str(error))
            return
        else:
            return
