"""The folders of a category: opens them inside the output folder, prepares them, sweeps and lists them.

    <output>/<category folder>/<format folder>/<folder of a kind>/<stem>.png
                              /Val/{GT,LR}/
                              /.tui-gen-tmp/<stem>.<token>.<folder of a kind>.tmp

A token identifies the process and the write, so two writers never share a temporary file.

Invariant: no file outside the output folder is created, replaced or removed, even if symbolic links lead
there. No file that a ledger line records is removed.

Names are plain strings; bytes that are not UTF-8 are surrogates in them, as in os.fsdecode.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tui_gen.jobs.superres.dataset.file_kinds import FOLDER_PATTERN, is_kind_folder, kind_folder
from tui_gen.jobs.superres.planning.geometry import PatchFormat

USUAL_KINDS = ("gt", "lr", "lr7")
"""Kinds whose folders are made even if the settings do not ask for them."""

TEMPORARY_FOLDER = ".tui-gen-tmp"
VALIDATION_FOLDER = "Val"
VALIDATION_KINDS = ("gt", "lr")

_PROCESS_TOKEN = secrets.token_hex(4)
_WRITES = itertools.count(1)
# Older versions wrote no token.
_TEMPORARY_NAME = re.compile(rf"(?P<stem>.+?)(?:\.[0-9a-f]{{8}}-\d+)?\.(?:{FOLDER_PATTERN})\.tmp", re.DOTALL)
# Greedy: the last "_idx<digits>" ends the slug, because a slug may contain such a part.
_PATCH_NAME = re.compile(r"patch_(?P<slug>.*)_idx\d+.*", re.DOTALL)


_LASTING = frozenset(
    {errno.ELOOP, errno.ENAMETOOLONG, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.EINVAL}
)
"""Errors caused by a name or by a file of the user: waiting does not change them."""


class OutputError(OSError):
    """A path below the output folder cannot be used: `errno` has the reason, `filename` the path."""

    @property
    def is_obstruction(self) -> bool:
        """Whether the error can pass, when space is freed or the disk repaired: not the fault of a clip."""
        return self.errno not in _LASTING


@contextmanager
def blaming(path: str | Path) -> Iterator[None]:
    """Turn every OSError of the body into an OutputError with the file name `path`."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(error.errno, error.strerror, os.fspath(path)) from error


@contextmanager
def opened(output: Path, folder: str) -> Iterator[int]:
    """Open `folder` (relative to `output`) and yield its descriptor. Raises OutputError.

    A symbolic link on the way is followed only if it leads inside the output folder; otherwise the error is
    ELOOP. A link that replaces a folder in the meantime is not followed.
    """
    path = output / folder
    with blaming(path):
        root, real = os.path.realpath(output), os.path.realpath(path)
        if os.path.commonpath([root, real]) != root:
            raise OutputError(errno.ELOOP, "leads outside the output folder", os.fspath(path))
        descriptor = _open_folder(root)
        for part in Path(os.path.relpath(real, root)).parts:
            above, descriptor = descriptor, _open_inside(part, descriptor)
            os.close(above)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def temporaries_opened(output: Path, category_folder: str) -> Iterator[int]:
    """Open a category's folder of temporaries, make it if it is missing, and yield its descriptor."""
    path = output / category_folder / TEMPORARY_FOLDER
    with opened(output, category_folder) as category, blaming(path):
        _make_subfolder(category, TEMPORARY_FOLDER)
        descriptor = _open_folder(TEMPORARY_FOLDER, inside=category)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_folder(name: str, *, inside: int | None = None) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=inside)


def _open_inside(name: str, parent: int) -> int:
    try:
        return _open_folder(name, inside=parent)
    except OSError:
        os.close(parent)
        raise


def _make_subfolder(parent: int, name: str) -> bool:
    """Create a folder in an opened folder. Return False if the name exists already."""
    try:
        os.mkdir(name, dir_fd=parent)
    except FileExistsError:
        return False
    return True


def make_folder(output: Path, folder: str) -> None:
    """Create `folder` (relative to `output`) and its missing parents, including the output folder."""
    with blaming(output):
        output.mkdir(parents=True, exist_ok=True)
    made = Path()
    for part in Path(folder).parts:
        with opened(output, os.fspath(made)) as parent, blaming(output / made / part):
            if _make_subfolder(parent, part):
                flush_folder(parent)
        made /= part
    with opened(output, folder):
        """An existing folder was not made here: check that it is a folder inside the output folder."""


def stands(name: str, folder: int) -> bool:
    """Return whether an open folder has an entry of this name, of any type."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def flush_folder(descriptor: int) -> None:
    """Sync a folder's entries to the disk, if its file system supports it."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network shares cannot sync a folder: they have done so already, or never do.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise


def prepare_folders(
    output: Path,
    category_folder: str,
    formats: Iterable[PatchFormat],
    *,
    kinds: Iterable[str] = USUAL_KINDS,
) -> None:
    """Create the folders of a category's patches, and its empty validation folders."""
    for folder in patch_folders(category_folder, formats, kinds=kinds):
        make_folder(output, folder)
    for kind in VALIDATION_KINDS:
        make_folder(output, f"{category_folder}/{VALIDATION_FOLDER}/{kind_folder(kind)}")


def patch_folders(
    category_folder: str, formats: Iterable[PatchFormat], *, kinds: Iterable[str]
) -> tuple[str, ...]:
    """Return the folders of a category's patches, relative to the output folder."""
    names = [kind_folder(kind) for kind in kinds]
    return tuple(f"{category_folder}/{each.folder}/{name}" for each in formats for name in names)


# --------------------------------------------------------------------------------- what is left over


def new_token() -> str:
    """Return a token for the temporaries of one write, unique among all processes."""
    return f"{_PROCESS_TOKEN}-{next(_WRITES)}"


def temporary_name(stem: str, kind: str, token: str) -> str:
    """Return the temporary name of the file for `kind` of the patch `stem`; it identifies its partners."""
    return f"{stem}.{token}.{kind_folder(kind)}.tmp"


def sweep_leftovers(output: Path, category_folder: str, is_recorded: Callable[[str], bool]) -> int:
    """Empty and remove a category's folder of temporaries; return the number of removed files.

    A temporary names a patch that was being written when a process died. Files of this patch with final names
    are removed too, unless `is_recorded` returns True for their path relative to the output folder: then a
    ledger line records them. No engine may be running in the category.
    """
    path = output / category_folder / TEMPORARY_FOLDER
    if not os.path.lexists(path):
        return 0
    removed = 0
    with temporaries_opened(output, category_folder) as folder, blaming(path):
        # Remove the partners first: if the sweep is killed, the next sweep needs the temporary.
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
        for name in names:
            match = _TEMPORARY_NAME.fullmatch(name)
            if match:
                removed += _remove_partners(output, category_folder, match["stem"], is_recorded)
            removed += remove(name, folder)
    with opened(output, category_folder) as category, blaming(path):
        _remove_empty(TEMPORARY_FOLDER, category)
    return removed


def remove(name: str, folder: int) -> bool:
    """Remove a file from an open folder; return False if it does not exist."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def _remove_empty(name: str, parent: int) -> None:
    try:
        os.rmdir(name, dir_fd=parent)
    except OSError as error:
        # A process that its engine counted as dead still writes here; the next sweep removes the folder.
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise


def _remove_partners(
    output: Path, category_folder: str, stem: str, is_recorded: Callable[[str], bool]
) -> int:
    removed = 0
    for folder in _kind_folders(output, category_folder):
        path = f"{folder}/{stem}.png"
        if not os.path.lexists(output / path) or is_recorded(path):
            continue
        with opened(output, folder) as parent, blaming(output / path):
            os.unlink(f"{stem}.png", dir_fd=parent)
            flush_folder(parent)
        removed += 1
    return removed


def _kind_folders(output: Path, category_folder: str) -> Iterator[str]:
    """Yield every existing `<category>/<format>/<kind>` inside the output folder, relative to it."""
    root = os.path.realpath(output)
    with blaming(output / category_folder), os.scandir(output / category_folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir() and entry.name != TEMPORARY_FOLDER)
    for name in names:
        with blaming(output / category_folder / name), os.scandir(output / category_folder / name) as entries:
            inner = sorted(entry.name for entry in entries if is_kind_folder(entry.name))
        for kind in inner:
            folder = f"{category_folder}/{name}/{kind}"
            real = os.path.realpath(output / folder)
            # The program never writes through a link to outside, so it has no files there.
            if Path(real).is_dir() and os.path.commonpath([root, real]) == root:
                yield folder


# ------------------------------------------------------------------------------- files of other owners


def settle_slug(output: Path, category_folder: str, slug: str, *, video_id: str) -> str:
    """Return the slug for a video in a category: `slug`, or a slug with the video's id.

    Call this before the slug is recorded for the video: an existing file with this slug belongs to someone
    else and is never replaced.
    """
    taken = _slugs_in(output, category_folder)
    settled, repetition = slug, 1
    while settled in taken:
        settled = f"{slug}_{video_id}" if repetition == 1 else f"{slug}_{video_id}_{repetition}"
        repetition += 1
    return settled


def _slugs_in(output: Path, category_folder: str) -> set[str]:
    slugs = set()
    for folder in _kind_folders(output, category_folder):
        with blaming(output / folder), os.scandir(output / folder) as entries:
            for entry in entries:
                match = _PATCH_NAME.fullmatch(entry.name)
                if match:
                    slugs.add(match["slug"])
    return slugs


def foreign_files(output: Path, category_folder: str, is_owned: Callable[[str], bool]) -> str | None:
    """Return one file in a category's folder that no ledger records, or None.

    `is_owned` gets paths relative to the output folder, and the result is such a path. Validation folders
    belong to the user, and temporaries are swept when a run starts; both are ignored.
    """
    top = output / category_folder
    not_ours = {os.fspath(top / VALIDATION_FOLDER), os.fspath(top / TEMPORARY_FOLDER)}
    waiting = [os.fspath(top)] if top.exists() else []
    while waiting:
        folder = waiting.pop()
        with blaming(folder), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    waiting += [] if entry.is_symlink() or entry.path in not_ours else [entry.path]
                elif not is_owned(path := os.path.relpath(entry.path, output)):
                    return path
    return None
