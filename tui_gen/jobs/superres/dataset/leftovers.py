"""Removes temporary files of killed writers, and the unfinished patches that these files identify.

    1. take the writer's GT temporary by a rename: from here on the writer cannot complete this patch
    2. remove its other temporaries
    3. remove the patch's files with final names that no ledger line records
    4. remove the GT temporary: until then it identifies the patch, if the sweep is killed

Invariant: no file that a ledger line records is removed. A writer that is alive after all, on a machine that
was lost, fails at its next step and leaves no unfinished patch.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby, product
from pathlib import Path

from tui_gen.base.dead_writers import TEST_PREFIX, DeadWriters, Whose
from tui_gen.base.writer_token import new_token
from tui_gen.jobs.superres.dataset.file_kinds import PICTURE_SUFFIXES
from tui_gen.jobs.superres.dataset.folders import (
    TEMPORARY_FOLDER,
    blaming,
    flush_folder,
    kind_folders_of,
    opened,
    remove,
    remove_empty,
    temporaries_opened,
    temporary_name,
    temporary_of,
)

_GT = "GT"
_TAKEN = "lr"
"""The kind in the name of a GT temporary that the sweep has taken: only a writer has GT temporaries."""


def sweep_leftovers(
    output: Path, category_folder: str, is_recorded: Callable[[str], bool], *, whose: Whose = "all"
) -> int:
    """Empty and remove a category's folder of temporaries; return the number of removed files.

    A temporary identifies a patch that was being written when a process died. Files of this patch with final
    names are removed too, unless `is_recorded` returns True for their path relative to the output folder:
    then a ledger line records them. No unit of this run may be performed meanwhile. Raises OutputError.
    """
    path = output / category_folder / TEMPORARY_FOLDER
    if not os.path.lexists(path):
        return 0
    with temporaries_opened(output, category_folder) as folder, blaming(path):
        sweep = _Sweep(output, category_folder, is_recorded, folder)
        removed = sweep.run(whose)
    with opened(output, category_folder) as category, blaming(path):
        remove_empty(TEMPORARY_FOLDER, category)
    return removed


@dataclass(slots=True)
class _Sweep:
    """The sweep of one folder of temporaries."""

    output: Path
    category_folder: str
    is_recorded: Callable[[str], bool]
    folder: int  # descriptor of the folder of temporaries

    def run(self, whose: Whose) -> int:
        writers = DeadWriters(self.folder)
        with os.scandir(self.folder) as entries:
            names = sorted((entry.name for entry in entries), key=_order)
        removed = 0
        for (stem, token), of_writer in groupby(names, key=_patch_and_writer):
            files = list(of_writer)
            if whose == "dead" and not all(writers.has_written(name, token) for name in files):
                continue
            if stem is None:
                removed += sum(remove(name, self.folder) for name in files)
            else:
                removed += self._take_back(stem, files)
        return removed

    def _take_back(self, stem: str, files: list[str]) -> int:
        """Remove the temporaries of one writer of one patch, GT's first, and the patch's other files."""
        first, *others = files
        taken = temporary_name(stem, _TAKEN, new_token())
        try:
            os.rename(first, taken, src_dir_fd=self.folder, dst_dir_fd=self.folder)
        except FileNotFoundError:  # its writer has completed the patch meanwhile, or taken it back
            return sum(remove(name, self.folder) for name in others)
        removed = sum(remove(name, self.folder) for name in others)
        removed += self._remove_partners(stem)
        return removed + remove(taken, self.folder)

    def _remove_partners(self, stem: str) -> int:
        removed = 0
        names = [f"{stem}{suffix}" for suffix in PICTURE_SUFFIXES]
        for folder, name in product(kind_folders_of(self.output, self.category_folder), names):
            path = f"{folder}/{name}"
            if not os.path.lexists(self.output / path) or self.is_recorded(path):
                continue
            with opened(self.output, folder) as parent, blaming(self.output / path):
                removed += remove(name, parent)
                flush_folder(parent)
        return removed


def _patch_and_writer(name: str) -> tuple[str | None, str | None]:
    """Return the stem of a temporary's patch and the token; (None, token) for files of other kinds."""
    found = temporary_of(name)
    return (found.stem, found.token) if found is not None else (None, _token_of_test(name))


def _order(name: str) -> tuple[str, str, bool, str]:
    """Sort the temporaries of one writer of one patch together, GT first."""
    stem, token = _patch_and_writer(name)
    found = temporary_of(name)
    return stem or "", token or "", found is not None and found.kind_folder != _GT, name


def _token_of_test(name: str) -> str | None:
    """Return the token in the name of a file by which a process tests the folder or its clock."""
    return name.removeprefix(TEST_PREFIX) if name.startswith(TEST_PREFIX) else None
