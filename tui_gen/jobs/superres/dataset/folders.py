"""The folders of a category: opens them inside the output folder, prepares them and lists them.

    <output>/<category folder>/<format folder>/<folder of a kind>/<stem>.png, or .webp
                              /Val/{GT,LR}/
                              /.tui-gen-tmp/<stem>.<token>.<folder of a kind>.tmp

A token identifies the host, the process and the write (`writer_token`), so two writers never share a
temporary file.

Invariant: no file outside the output folder is created, replaced or removed, even if symbolic links lead
there. No file that a ledger line records is removed.

Names are plain strings; bytes that are not UTF-8 are surrogates in them, as in os.fsdecode.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.writer_token import WRITER_PATTERN
from tui_gen.jobs.superres.dataset.file_kinds import FOLDER_PATTERN, is_kind_folder, kind_folder
from tui_gen.jobs.superres.planning.geometry import PatchFormat

SHORT_KINDS = ("gt", "lr")
USUAL_KINDS = (*SHORT_KINDS, "lr7")
"""Kinds whose folders are made even if the settings do not ask for them."""

TEMPORARY_FOLDER = ".tui-gen-tmp"
VALIDATION_FOLDER = "Val"
VALIDATION_KINDS = ("gt", "lr")

# Older versions wrote no token.
_TEMPORARY_NAME = re.compile(
    rf"(?P<stem>.+?)(?:\.(?P<token>{WRITER_PATTERN}))?\.(?P<kind>{FOLDER_PATTERN})\.tmp", re.DOTALL
)
# Greedy: the last "_idx<digits>" ends the slug, because a slug may contain such a part.
_PATCH_NAME = re.compile(r"patch_(?P<slug>.*)_idx\d+.*", re.DOTALL)


_LASTING = frozenset(
    {errno.ELOOP, errno.ENAMETOOLONG, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.EINVAL}
)
"""Errors caused by a name or by a file of the user: waiting does not change them."""


@dataclass(frozen=True, slots=True)
class Temporary:
    """The parts of the name of a temporary file of a patch."""

    stem: str
    token: str | None  # None: of an older version
    kind_folder: str


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
    parts = folder.split("/")
    try:
        # Without a link on the way, which is nearly always, no path has to be resolved: that takes most of
        # the time of a patch in which no other thread of Python can run.
        descriptor = _open_parts(os.fspath(output), parts)
    except OSError:
        descriptor = _open_resolved(output, folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_resolved(output: Path, folder: str) -> int:
    """Open a folder whose path may have links that lead inside the output folder. Raises OutputError."""
    path = output / folder
    with blaming(path):
        root, real = os.path.realpath(output), os.path.realpath(path)
        if os.path.commonpath([root, real]) != root:
            raise OutputError(errno.ELOOP, "leads outside the output folder", os.fspath(path))
        return _open_parts(root, Path(os.path.relpath(real, root)).parts)


def _open_parts(root: str, parts: Sequence[str]) -> int:
    """Open a folder below `root`, part by part. Raises OSError if one is a link, or is not there.

    `root` itself may be a link.
    """
    if ".." in parts or "" in parts:
        raise OSError(errno.ELOOP, "not a path from folder to folder", root)
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in parts:
        above, descriptor = descriptor, _open_inside(part, descriptor)
        os.close(above)
    return descriptor


@contextmanager
def temporaries_opened(output: Path, category_folder: str) -> Iterator[int]:
    """Open a category's folder of temporaries, make it if it is missing, and yield its descriptor."""
    path = f"{output}/{category_folder}/{TEMPORARY_FOLDER}"
    with opened(output, category_folder) as category, blaming(path):
        try:
            descriptor = _open_folder(TEMPORARY_FOLDER, inside=category)
        except FileNotFoundError:
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


# -------------------------------------------------------------------------------------- temporary files


def temporary_name(stem: str, kind: str, token: str) -> str:
    """Return the temporary name of the file for `kind` of the patch `stem`; it identifies its partners."""
    return f"{stem}.{token}.{kind_folder(kind)}.tmp"


def temporary_of(name: str) -> Temporary | None:
    """Return the parts of a temporary name, also of older versions, which wrote no token; None for others."""
    match = _TEMPORARY_NAME.fullmatch(name)
    return Temporary(match["stem"], match["token"], match["kind"]) if match else None


def remove(name: str, folder: int) -> bool:
    """Remove a file from an open folder; return False if it does not exist."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def remove_empty(name: str, parent: int) -> None:
    """Remove a folder from an open folder, unless it has entries again."""
    try:
        os.rmdir(name, dir_fd=parent)
    except OSError as error:
        # A process that its engine counted as dead still writes here; a later sweep removes the folder.
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise


def kind_folders_of(output: Path, category_folder: str) -> Iterator[str]:
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
    for folder in kind_folders_of(output, category_folder):
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
