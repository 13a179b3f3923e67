"""The page about the configuration is what the models say, key by key."""

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tui_gen.config.key_meanings import meanings
from tui_gen.config.keys import fields_of
from tui_gen.jobs.superres.config import schema
from tui_gen.jobs.superres.config.reference import UndescribedKeyError, reference

PAGE = Path(__file__).parents[4] / "docs" / "configuration.md"
MODELS = [
    model
    for model in vars(schema).values()
    if isinstance(model, type) and issubclass(model, BaseModel) and model.model_fields
]


def test_the_page_is_not_stale() -> None:
    command = "python -m tui_gen.jobs.superres.config.reference > docs/configuration.md"
    assert PAGE.read_text(encoding="utf-8") == reference(), f"renew it: {command}"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_has_one_sentence(model: type[BaseModel]) -> None:
    sentences = meanings(model)
    for name in model.model_fields:
        assert re.fullmatch(r"[A-Z`][^\n]*\.", sentences.get(name, "")), f"{model.__name__}.{name}"


def test_every_key_is_on_the_page_with_its_default() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for model in MODELS:
        for name in fields_of(model):
            assert re.search(rf"^\| `{name}` \| [^|]+ \| [^|]+ \| [^|]+ \|$", page, re.MULTILINE), name


def test_the_defaults_on_the_page_are_json() -> None:
    page = PAGE.read_text(encoding="utf-8")
    defaults = re.findall(r"^\| `\w+` \| [^|]+ \| `([^`]+)` \|", page, re.MULTILINE)
    loaded: list[Any] = [json.loads(default) for default in defaults]
    assert len(loaded) > 30


def test_a_key_without_a_sentence_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("tui_gen.jobs.superres.config.reference")
    monkeypatch.setattr(module, "meanings", lambda _model: {})
    with pytest.raises(UndescribedKeyError, match="job has no docstring"):
        reference()
