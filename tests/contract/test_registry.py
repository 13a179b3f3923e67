"""The top-level key "job" alone decides which job reads a configuration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui_gen.base.errors import RefusedError
from tui_gen.contract.registry import find_job, job_of

SUPERRES = find_job("superres")


def configuration(folder: Path, text: str | bytes) -> Path:
    path = folder / "generator_config.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        '{\n  // try "job": "poems"\n  "videos": []\n}',
        '{"videos": [{"job": "poems"}]}',
        '{"note": "\\"job\\": \\"poems\\"", "videos": []}',
        '{"note": "job", "videos": ["job", "poems"]}',
        '[{"job": "poems"}]',
        '{"job": 5}',
        '{"job": null}',
        "",
        "{}",
    ],
    ids=[
        "comment",
        "nested key",
        "string",
        "value",
        "list of objects",
        "number",
        "null",
        "empty file",
        "empty object",
    ],
)
def test_what_is_not_the_top_level_key_names_no_job(tmp_path: Path, text: str) -> None:
    assert job_of(configuration(tmp_path, text)) == ("superres", SUPERRES)


@pytest.mark.parametrize(
    "text",
    [
        '{"videos": [], "job": "poems"}',
        '{"job" // which\n : "poems", }',
        '{"\\u006aob": "poems"}',
        '\ufeff{"job": "poems"}',
        '{"videos": [{"job": "superres"}], "job": "poems"}',
        '{"job": "poems", "videos": [',
    ],
    ids=["last key", "comment inside", "escaped", "byte order mark", "nested key before", "broken after it"],
)
def test_the_top_level_key_names_the_job(tmp_path: Path, text: str) -> None:
    with pytest.raises(RefusedError, match='there is no job "poems"'):
        job_of(configuration(tmp_path, text))


@pytest.mark.parametrize(
    "text", [b'{"a" "b", "job": "poems"}', b"\xff\xfe{\x00", b'{"a": \xff, "job": "poems"}']
)
def test_a_file_that_is_broken_before_the_key_is_read_by_the_default_job(tmp_path: Path, text: bytes) -> None:
    assert job_of(configuration(tmp_path, text)) == ("superres", SUPERRES)


def test_a_name_that_is_not_utf_8_hides_no_job(tmp_path: Path) -> None:
    path = configuration(tmp_path, b'{"path": "/films/\xff.mkv", "job": "poems"}')
    with pytest.raises(RefusedError, match="poems"):
        job_of(path)


def test_a_file_that_is_not_there_and_a_pipe_belong_to_the_default_job(tmp_path: Path) -> None:
    assert job_of(tmp_path / "none.json") == ("superres", SUPERRES)
    os.mkfifo(tmp_path / "pipe")
    assert job_of(tmp_path / "pipe") == ("superres", SUPERRES)
