"""Surveys one window of an episode."""

from __future__ import annotations

from tui_gen.jobs.anime.frames.film import EpisodeFilm, film_from_json
from tui_gen.jobs.anime.frames.survey import survey_window
from tui_gen.jobs.anime.frames.survey_files import write_survey
from tui_gen.jobs.anime.work.loading import frame_embedder_of
from tui_gen.jobs.anime.work.orders import Context, SurveyOrder
from tui_gen.processes.orders.messages import Signs

Told = dict[str, object]


def surveyed(context: Context, order: SurveyOrder, signs: Signs) -> list[Told]:
    """Write the survey of a window. Raises ChildError, ObstructedError."""
    options = context.settings.survey
    embedder = frame_embedder_of(context) if options.duplicate_method == "embedding" else None
    survey = survey_window(
        film_of(context, order.source.path, order.probe),
        order.window,
        options,
        alive=signs.give,
        embedder=embedder,
    )
    folders = context.settings.folders
    path = write_survey(folders.surveys / order.source.id, order.window, survey)
    record: Told = {"candidates": len(survey), "frames": survey.seen}
    if survey.damaged or survey.complaint:
        record |= {"damaged": survey.damaged, "complaint": survey.complaint or ""}
    return [
        {
            "index": order.window.index,
            "files": {"survey": folders.relative(path)},
            "size": path.stat().st_size,
            "record": record,
        }
    ]


def film_of(context: Context, path: str, probe: object) -> EpisodeFilm:
    """Return an episode by the facts of the ledger."""
    if not isinstance(probe, dict):
        raise TypeError(probe)
    return film_from_json(probe, path=path, ffmpeg=context.ffmpeg, niceness=0)  # the child's own is enough
