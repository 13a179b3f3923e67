"""Tests whether a run could write patches to their folders, by the same operations as a run.

No file is left behind. No engine may be running in the category.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tui_gen.base.dead_writers import TEST_PREFIX
from tui_gen.base.writer_token import new_token
from tui_gen.jobs.superres.dataset.folders import (
    TEMPORARY_FOLDER,
    blaming,
    opened,
    temporaries_opened,
)


def try_to_write(output: Path, category_folder: str, folders: Iterable[str]) -> None:
    """Rename a temporary file into every folder of a category; `folders` are relative to the output.

    For a missing folder, the nearest existing parent is tested: a folder is made and removed there. Raises
    OutputError.
    """
    standing = [folder for folder in folders if (output / folder).is_dir()]
    above = {_nearest(output, folder) for folder in folders if folder not in standing}
    for folder in sorted(above):
        _make_a_folder(output, folder)
    if (output / category_folder).is_dir():
        _rename_into(output, category_folder, standing)


def _nearest(output: Path, folder: str) -> str:
    """Return the nearest existing folder above a folder, or "."."""
    above = Path(folder).parent
    while not (output / above).is_dir() and above != Path():
        above = above.parent
    return os.fspath(above)


def _make_a_folder(output: Path, folder: str) -> None:
    if not output.is_dir():
        return  # the whole output folder is missing and would be made
    name = _unused()
    with opened(output, folder) as above, blaming(output / folder):
        os.mkdir(name, dir_fd=above)
        os.rmdir(name, dir_fd=above)


def _rename_into(output: Path, category_folder: str, folders: Iterable[str]) -> None:
    path = output / category_folder / TEMPORARY_FOLDER
    stood = os.path.lexists(path)
    try:
        with temporaries_opened(output, category_folder) as temporaries, blaming(path):
            name = _unused()
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(name, flags, 0o666, dir_fd=temporaries))
            try:
                for folder in folders:
                    with opened(output, folder) as place, blaming(output / folder):
                        os.rename(name, name, src_dir_fd=temporaries, dst_dir_fd=place)
                        os.rename(name, name, src_dir_fd=place, dst_dir_fd=temporaries)
            finally:
                os.unlink(name, dir_fd=temporaries)
    finally:
        if not stood:
            with suppress(FileNotFoundError), opened(output, category_folder) as category:
                os.rmdir(TEMPORARY_FOLDER, dir_fd=category)


def _unused() -> str:
    return f"{TEST_PREFIX}{new_token()}"
