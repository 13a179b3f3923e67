"""Writes an export: in a folder beside its place, which gets its name when all files are whole.

    <folder>.<process>.partial/   links and files ── rename ──> <folder>

Invariant: a folder under its own name is a whole export, and the training set is not changed. What a killed
process left is removed by the next export to the same place.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tui_gen.base.errors import ObstructedError, RefusedError
from tui_gen.jobs.anime.exports.model import ExportPlan, Link

_MARK = ".tui-gen-export"
"""Marks a folder that an export may remove."""
_PARTIAL = ".partial"
_CANNOT_LINK = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES})
_LASTING = frozenset(
    {errno.ELOOP, errno.ENAMETOOLONG, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.EINVAL}
)
_EVERY = 64
"""Files between two calls of `alive`."""


def write_export(
    plan: ExportPlan,
    folder: Path,
    *,
    alive: Callable[[], None] = lambda: None,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Write an export to a folder that does not exist or is empty.

    `on_done` is told how many images and files are written, and of how many; `alive` is called often.
    Raises RefusedError where something is in the way or an image is missing, ObstructedError where the output
    takes nothing, OSError.
    """
    texts = _encoded(plan)
    refuse_content(folder)
    with _writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_left(folder, alive)
        partial = folder.with_name(f"{folder.name}.{os.getpid()}{_PARTIAL}")
        partial.mkdir()
        (partial / _MARK).touch()
    try:
        with _writing(folder):
            _fill(partial, plan, texts, _told(alive, on_done, len(plan.links) + len(texts)))
            (partial / _MARK).unlink()
            partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def refuse_content(folder: Path) -> None:
    """Raise RefusedError if a folder exists that holds anything, or something else has its name."""
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        message = f"{folder} exists and is not empty; name a new folder for the export"
        raise RefusedError(message)


def _encoded(plan: ExportPlan) -> dict[str, bytes]:
    texts = {}
    for path, text in plan.files.items():
        try:
            texts[path] = text.encode("utf-8")
        except UnicodeEncodeError as error:
            message = (
                f"{path} would hold a name that is not UTF-8, which no trainer reads; name another folder"
            )
            raise RefusedError(message) from error
    return texts


def _fill(partial: Path, plan: ExportPlan, texts: dict[str, bytes], told: Callable[[int], None]) -> None:
    folders = {Path(path).parent for path in (*texts, *(link.target for link in plan.links))}
    for each in sorted(folders):
        (partial / each).mkdir(parents=True, exist_ok=True)
    for number, link in enumerate(plan.links, 1):
        _link(link, partial)
        told(number)
    for number, (path, content) in enumerate(texts.items(), len(plan.links) + 1):
        (partial / path).write_bytes(content)
        told(number)


def _link(link: Link, partial: Path) -> None:
    target = partial / link.target
    try:
        os.link(os.path.realpath(link.source), target)
    except FileNotFoundError as error:
        message = f"{link.source} is gone; run the stage balance again, and export then"
        raise RefusedError(message) from error
    except OSError as error:
        if error.errno not in _CANNOT_LINK:
            raise
        shutil.copyfile(link.source, target)


def _told(
    alive: Callable[[], None], on_done: Callable[[int, int], None], total: int
) -> Callable[[int], None]:
    def told(done: int) -> None:
        if done % _EVERY == 0 or done == total:
            alive()
            on_done(done, total)

    return told


def _remove_left(folder: Path, alive: Callable[[], None]) -> None:
    """Remove what processes that are gone left of exports to this place."""
    for left in sorted(folder.parent.iterdir()):
        process = left.name.removeprefix(f"{folder.name}.").removesuffix(_PARTIAL)
        is_left = left.name == f"{folder.name}.{process}{_PARTIAL}" and process.isdigit()
        if is_left and (left / _MARK).exists() and not _runs(int(process)):
            alive()
            shutil.rmtree(left)


def _runs(process: int) -> bool:
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Translate an OSError of the block to ObstructedError; errors that waiting does not heal stay."""
    try:
        yield
    except OSError as error:
        if error.errno in _LASTING:
            raise
        message = f"{folder}: {error.strerror or error}"
        raise ObstructedError(message) from error
