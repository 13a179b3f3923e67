"""Reads a configuration's text, and resolves its paths: links stay as they are."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tui_gen.config.commented_json import CommentedJsonError, Document, parse
from tui_gen.config.faults import ConfigProblem, ConfigurationError


def read_document(path: Path, *, where_missing: str) -> tuple[str, Document]:
    """Read a configuration's text and parse it, judging nothing but its syntax.

    Bytes that are not UTF-8 come as surrogates: encode with `surrogateescape` to get them back.
    `where_missing` says what to do where there is no such file. Raises ConfigurationError.
    """
    try:
        text = _read_regular_file(path).decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise ConfigurationError((_unreadable(path, error, where_missing),)) from error
    try:
        return text, parse(text)
    except CommentedJsonError as error:
        place = f"column {error.column}"
        problem = ConfigProblem(path, error.line, place, error.wrong, error.remedy)
        raise ConfigurationError((problem,)) from error


def folder_of(path: Path) -> str:
    """Return the folder that relative paths of a configuration are relative to."""
    return os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120 - lexical, links stay as they are


def absolute(folder: str, path: str) -> str:
    """Return a path of the configuration as an absolute one; `~/` is the user's home."""
    return os.path.normpath(os.path.join(folder, os.path.expanduser(path)))  # noqa: PTH111, PTH118 - lexical


def _read_regular_file(path: Path) -> bytes:
    """Read a file that is one: opening a FIFO would wait for ever."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        what = "Is a folder" if stat.S_ISDIR(mode) else "Is not a regular file"
        raise OSError(0, what)
    return path.read_bytes()


def _unreadable(path: Path, error: OSError, where_missing: str) -> ConfigProblem:
    if isinstance(error, FileNotFoundError):
        return ConfigProblem(path, None, "", "there is no such configuration", where_missing)
    remedy = "name a readable generator_config.json"
    return ConfigProblem(path, None, "", f"cannot be read: {error.strerror}", remedy)
