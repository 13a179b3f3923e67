"""The rooms that every job shares hold no word of one job, and show the nouns of the job they show.

Words are whole: of identifiers, strings, comments and prose. An identifier is divided at its underscores
and where a capital letter begins a part.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pages import ReadPage
from tests.tui.runs import NOW, screen_of, text_of, troubled_run
from tui_gen.base.nouns import Noun, Nouns
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.storage.history import history_of
from tui_gen.tui.review.review import ReviewApp
from tui_gen.tui.review.rows import ReviewRow
from tui_gen.views.html.report import report_page
from tui_gen.views.text.run_lines import feed_lines, opening_lines, progress_line, resume_lines, saved_lines
from tui_gen.views.text.summary import summary_lines
from tui_gen.views.text.tables import LineWidth

PROGRAM = Path(__file__).parents[1] / "tui_gen"
SHARED_ROOMS = ("engine", "views", "tui", "commands", "contract", "config", "base", "processes")
WORDS_OF_SUPERRES = frozenset({"film", "films", "superres", "extract", "gt", "lr", "lr7", "hdr", "4k", "png"})
DEFAULT_JOB = 'DEFAULT_JOB = "superres"'
"""The one place that may name a job: which job a configuration without a name is of."""

MODULES = [path for room in SHARED_ROOMS for path in sorted((PROGRAM / room).rglob("*.py"))]


def words_of(text: str) -> set[str]:
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return set(re.findall(r"[a-z0-9]+", parts.lower()))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROGRAM)))
def test_a_shared_room_holds_no_word_of_super_resolution(path: Path) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = words_of(line.replace(DEFAULT_JOB, "")) & WORDS_OF_SUPERRES
        assert not found, f"{path}:{number}: {', '.join(found)}: {line.strip()}"


@pytest.mark.parametrize(
    "text", ["FILMS_SHOWN", "FilmPlan", "isHDR", "a film's name", '"lr7"', "4K", "encode_png", "HDRFilm"]
)
def test_words_are_found_in_identifiers_and_prose(text: str) -> None:
    assert words_of(text) & WORDS_OF_SUPERRES


@pytest.mark.parametrize("text", ["filming", "extracted", "lrs", "4kb", "gto"])
def test_parts_of_words_are_no_words(text: str) -> None:
    assert not words_of(text) & WORDS_OF_SUPERRES


# ------------------------------------------------------------------ what a user reads

NOUNS = Nouns(
    source=Noun("episode", "episodes"),
    clip=Noun("frame", "frames"),
    patch=Noun("drawing", "drawings"),
    image=Noun("drawing", "drawings"),
    has_attempts=False,
)
USUAL = re.compile(r"\b(?:videos?|clips?|patch(?:es)?|images?|tries|try|attempts?|retried)\b", re.IGNORECASE)
OTHERWISE = re.compile(
    r"try again (?:what|all that) failed|the next run tries|/mnt/data/video|video/FilmeUHD/", re.IGNORECASE
)
"""To try again in a later run what failed is not to take several attempts at a clip. A dialog may cover the
first part of a path."""


def renamed_run() -> RunState:
    state = troubled_run()
    state.apply(ev.JobDescribed(state.last_at, NOUNS))
    state.problems = [problem for problem in state.problems if "clip" not in problem.text]  # of before
    return state


def usual_words(text: str) -> set[str]:
    return set(USUAL.findall(OTHERWISE.sub("", re.sub(r"[\s│]+", " ", text))))


def test_the_lines_of_a_run_use_the_nouns_of_its_job() -> None:
    state = renamed_run()
    names = {source.id: source.name for source in state.sources.values()}
    lines = [
        *opening_lines(state, config="/c.json", output="/out", sources=1),
        *resume_lines(state, names),
        *(line for _, event in state.recent for line in feed_lines(event, state)),
        progress_line(state, NOW),
        *saved_lines(state, ledger="/l", command="tui-gen run"),
        *summary_lines(state, history_of([]), LineWidth(200, is_cut=False), now=NOW, is_at_work=False),
    ]
    assert "Config loaded: 1 episode (/c.json)" in lines
    assert usual_words("\n".join(line for line in lines if "clip 900 failed" not in line)) == set()


def test_the_page_of_a_run_uses_the_nouns_of_its_job() -> None:
    page = ReadPage.of(report_page(renamed_run(), history_of([]), now=NOW, is_at_work=True))
    assert "Episodes" in page.text
    assert usual_words(page.text) == set()


@pytest.mark.parametrize("size", [(60, 16), (200, 50)], ids=str)
async def test_the_screen_uses_the_nouns_of_the_job(size: tuple[int, int]) -> None:
    async with screen_of(renamed_run()).run_test(size=size) as pilot:
        for key in ("1", "enter", "escape", "2", "3", "z", "enter", "escape", "z", "s", "escape", "5", "6"):
            await pilot.press(key)
            await pilot.pause()
            assert usual_words(text_of(pilot.app)) == set(), key
        for key in ("question_mark", "pagedown") if size[0] >= 80 else ():  # narrow ones cut sentences
            await pilot.press(key)
            await pilot.pause()
            assert usual_words(text_of(pilot.app)) == set(), key
        await pilot.press("escape", "escape", "q")
        await pilot.pause()
        assert usual_words(text_of(pilot.app)) == set()


async def test_the_review_uses_the_nouns_of_the_job() -> None:
    rows = [ReviewRow("/a", "A", (("all", 1.0),), 255, is_in=True, facts="", why="")]
    app = ReviewApp("/folder", ("all",), rows, NOUNS)
    async with app.run_test(size=(100, 44)) as pilot:
        assert "episode" in text_of(app)
        await pilot.press("question_mark")
        await pilot.pause()
        seen = text_of(app)
        assert "The episode under the cursor" in seen
        assert usual_words(seen) == set()
