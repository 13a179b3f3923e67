"""core_tag.json, emb_init.json and wildcard.txt, to the letter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui_gen.config.faults import ConfigurationError
from tui_gen.jobs.anime.tag.captions import CaptionOptions
from tui_gen.jobs.anime.tag.core import CoreTags
from tui_gen.jobs.anime.tag.files import (
    core_tag_text,
    emb_init_text,
    read_core_tags,
    read_emb_init,
    wildcard_text,
)

FILE = Path("/out/training/core_tag.json")
CORE = {
    "Fern": CoreTags(("cloak",), ("long hair", "demon horns"), ("demon horns",)),
    "フリーレン": CoreTags((), (), ()),
}


def test_core_tags_are_written_as_other_programs_do_and_read_back() -> None:
    text = core_tag_text(CORE)
    assert text.startswith(
        '{\n    "Fern": {\n        "kept": [\n            "cloak"\n        ],\n        "dropped": ['
    )
    assert json.loads(text)["Fern"] == {
        "kept": ["cloak"],
        "dropped": ["long hair", "demon horns"],
        "emb_init": ["demon horns"],
    }
    assert read_core_tags(text.encode(), FILE) == CORE


def test_a_list_of_core_tags_is_kept() -> None:
    assert read_core_tags(b'{"Fern": ["cloak"]}', FILE) == {"Fern": CoreTags(("cloak",))}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{\n"Fern": {"kept": [],\n"droped": []}}', ":3: Fern.droped: unknown key"),
        (b'{\n"Fern": {"kept": "cloak"}}', ":2: Fern.kept: not a list of tags"),
        (b'{"Fern": [1]}', ":1: Fern: not a list of tags"),
        (b"[]", ":1: not an object"),
        (b"{", ':1: the "{" opened here is never closed'),
        (b'{\n"\xff": []}', ":2: not UTF-8"),
    ],
)
def test_a_wrong_file_is_told_with_line_and_reason(data: bytes, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_core_tags(data, FILE)
    assert str(error.value).startswith(f"{FILE}{told}")


def test_embeddings_begin_with_their_tags_and_image_types_with_their_text() -> None:
    assert json.loads(emb_init_text(CORE, ["screenshots", "booru", "manga"])) == {
        "Fern": ["demon horns"],
        "フリーレン": [],
        "screenshots": ["anime screencap"],
        "booru": ["masterpiece"],
        "manga": [""],
    }


def test_what_an_existing_file_says_stays() -> None:
    before = read_emb_init(b'{"Fern": ["mage", "demon horns"], "screenshots": ["mine"], "Stark": []}', FILE)
    text = emb_init_text(
        {"Fern": CoreTags((), (), ("fang", "demon horns"))}, ["screenshots"], existing=before
    )
    assert json.loads(text) == {
        "Fern": ["mage", "demon horns", "fang"],
        "screenshots": ["mine"],
        "Stark": [],
    }


def test_the_wildcard_names_each_character_alone_and_with_its_core_tags() -> None:
    assert wildcard_text(CORE, CaptionOptions()) == "Fern\nFern, cloak\nフリーレン\n"
    assert wildcard_text(CORE, CaptionOptions(), append_dropped=True) == (
        "Fern\nFern, cloak\nFern, cloak, demon horns, long hair\nフリーレン\n"
    )


def test_chances_of_captions_do_not_empty_the_wildcard() -> None:
    options = CaptionOptions(use_character_prob=0, use_tags_prob=0, keep_tokens_sep=" ||| ")
    assert wildcard_text(CORE, options) == "Fern\nFern ||| cloak\nフリーレン\n"
