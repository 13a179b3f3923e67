"""What docs/anime.md says is so: keys, stages, models, layouts; its configurations load."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from tui_gen.config.key_meanings import meanings
from tui_gen.jobs.anime.config import schema
from tui_gen.jobs.anime.config.load import load_settings
from tui_gen.jobs.anime.config.stage_names import NUMBERS, STAGES
from tui_gen.jobs.anime.exports.layouts import LAYOUTS
from tui_gen.jobs.anime.models.catalogue import CCIP_REPO, DETECTORS, TAGGER_NAMES, TAGGER_OWNER
from tui_gen.jobs.anime.removal import READERS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "anime.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows(text: str, first: str) -> list[list[str]]:
    """Return the cells of all tables whose first heading is given."""
    tables = re.findall(rf"^\| {first} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert tables, first
    return [
        [cell.strip() for cell in row.strip("|").split("|")] for table in tables for row in table.splitlines()
    ]


def default_of(value: object) -> str:
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, BaseModel):
        return "`{}`"
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    return f"`{json.dumps(number)}`"


@pytest.mark.parametrize(
    ("model", "prefix", "heading"),
    [
        (schema.ConfigFile, "", "The configuration"),
        (schema.ModelKeys, "models.", "The configuration"),
        (schema.SourceEntry, "", "The sources"),
    ],
)
def test_every_key_has_its_row_as_the_schema_has_it(
    model: type[BaseModel], prefix: str, heading: str
) -> None:
    meaning = meanings(model)
    told = [row for row in rows(section(heading), "key") if row[0].startswith("`models.") == bool(prefix)]
    wanted = [
        [f"`{prefix}{name}`", str(field.description), default_of(field.default), meaning[name]]
        for name, field in model.model_fields.items()
    ]
    for row in wanted:
        assert row in told, f"the row must be: | {' | '.join(row)} |"
    assert told == wanted


@pytest.mark.parametrize("block", re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
def test_configurations_load(block: str, tmp_path: Path) -> None:
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "Frieren - 01.mkv").touch()
    path = tmp_path / "generator_config.json"
    path.write_text(block.replace("/anime/frieren", "series"), encoding="utf-8")
    assert load_settings(path).folders.output.is_relative_to(tmp_path)


def test_every_stage_is_described_with_its_number() -> None:
    told = [(row[0], row[1]) for row in rows(section("The stages"), "number")]
    assert told == [(str(number), f"`{stage}`") for number, stages in NUMBERS.items() for stage in stages]
    assert [stage.strip("`") for _, stage in told] == list(STAGES)


def test_every_layout_is_described() -> None:
    assert {row[0] for row in rows(section("Exports"), "layout")} == {f"`{name}`" for name in LAYOUTS}


def test_the_models_are_named() -> None:
    told = section("The models")
    for repo in (*(each.repo for each in DETECTORS), CCIP_REPO):
        assert repo.rpartition("/")[2] in told
    assert f"{TAGGER_OWNER}/{TAGGER_NAMES[0]}" in told
    path = f"{DETECTORS[0].repo}/{DETECTORS[0].published('n')}/model.onnx"
    assert path in told


def test_messages_that_are_quoted_are_those_of_the_program() -> None:
    program = "".join(path.read_text("utf-8") for path in (ROOT / "tui_gen" / "jobs" / "anime").rglob("*.py"))
    told = [row[0] for row in rows(section("Troubleshooting"), "what you see")]
    quoted = [words for cell in told for words in re.findall(r"`(?:\.\.\. )?([^`]+)`", cell) if " " in words]
    assert len(quoted) >= 3
    for words in quoted:
        assert re.sub(r"\s+", " ", words) in re.sub(r'"\s+f?"', "", program), words
    assert "tag" not in READERS
