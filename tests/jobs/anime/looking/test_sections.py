"""What a report tells of a finished series besides numbers of images."""

from __future__ import annotations

import json
import re

from tests.acceptance.program import run_inside
from tests.jobs.anime.series import Series, images, metadata
from tui_gen.contract.report import ReportSection
from tui_gen.engine.model.metrics import metrics_of
from tui_gen.engine.run.session import replay
from tui_gen.jobs.anime import read_config


def sections(series: Series) -> dict[str, ReportSection]:
    describer = read_config(series.config).capabilities.describer
    assert describer is not None
    state, _ = replay(series.output / ".tui-gen")
    return {section.title: section for section in describer.sections(state.records)}


def test_characters_are_told_before_and_after_balancing(made: Series) -> None:
    found = sections(made)["Characters, before and after balancing"]
    written = json.loads((made.output / ".tui-gen/anime/balance.json").read_text())
    assert [row[0] for row in found.rows] == [
        each["name"] or "(no character)" for each in written["characters"]
    ]
    numbers = {row[0]: row[1] for row in found.rows}
    name = next(name for name in numbers if not name.startswith("("))
    shown = [image for image in images(made.training) if name in metadata(image).characters]
    assert numbers[name] == str(len(shown))
    assert all(len(row) == len(found.headings) for row in found.rows)


def test_near_duplicates_and_unselected_images_are_counted(made: Series) -> None:
    first, *_ = sections(made)["Left out"].rows
    surveys = [line for line in made.ledger() if line["kind"] == "clip" and line["stage"] == "survey"]
    candidates = sum(line["candidates"] for line in surveys)
    assert first == (
        f"near duplicates among the {candidates} frames with a new picture",
        str(candidates - len(images(made.raw / "EP1"))),
    )


def test_models_are_named_by_what_they_made(made: Series) -> None:
    rows = sections(made)["Models"].rows
    assert [row[0] for row in rows] == ["detector", "embedder", "tagger"]
    assert rows[1][1] == "embedded colour histograms"
    assert rows[2] == ("tagger", "embedded measured tags", f"{len(images(made.training))} images")


def test_groups_stand_on_the_page_alone(made: Series) -> None:
    groups = sections(made)["Groups of crops"]
    assert groups.is_detail
    assert sum(int(row[1]) for row in groups.rows) == len(images(made.classified))
    done = run_inside("report", made.config)
    page = (made.output / ".tui-gen" / "report.html").read_text()
    assert "Groups of crops" not in done.out
    assert "<h2>Groups of crops</h2>" in page
    assert "<h2>Characters, before and after balancing</h2>" in page
    assert re.search(r"Total images created: +(\d+)", done.out)[1] == str(len(images(made.training)))  # type: ignore[index]


def test_a_damaged_file_is_told_and_a_missing_one_gives_no_section(series: Series) -> None:
    state = series.output / ".tui-gen" / "anime"
    (state / "balance.json").write_text("{")
    (state / "groups.json").unlink()
    found = sections(series)
    assert "anime/balance.json is damaged" in found["Characters, before and after balancing"].text
    assert "Groups of crops" not in found


def test_the_plan_of_the_ledger_alone_is_that_of_a_finished_run(made: Series) -> None:
    config = read_config(made.config)
    state, _ = replay(made.output / ".tui-gen")
    assert config.capabilities.planner is not None
    planned = config.capabilities.planner.expected(state.records, state.last_at)
    state.apply(planned)
    metrics = metrics_of(state, state.last_at)
    assert (metrics.clips_left, metrics.videos.done, metrics.videos.total) == (0, 2, 2)
    assert metrics.categories["images"].planned == metrics.categories["images"].images
    assert set(metrics.categories) == set(state.categories)


def test_a_run_ends_with_the_characters(series: Series) -> None:
    done = series.run()
    assert "Characters, before and after balancing:" in done.out
    assert done.out.index("Total images created:") < done.out.index("Models:")
