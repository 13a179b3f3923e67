"""A key of the outermost object is found without reading what follows it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.config.commented_json import CommentedJsonError, parse, top_level_value

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abcd") | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_the_value_is_that_of_the_whole_document(value: object) -> None:
    text = json.dumps(value)
    expected = value.get("a") if isinstance(value, dict) else None
    assert top_level_value(text, "a") == expected
    assert parse(text).value == value


def test_what_follows_the_key_is_not_read() -> None:
    assert top_level_value('{"a": [1], oops', "a") == [1]


def test_a_text_that_is_broken_before_the_key_is_an_error() -> None:
    with pytest.raises(CommentedJsonError):
        top_level_value('{oops "a": 1}', "a")
