"""Plans which files of classified/ a change moves, and refuses what would overwrite or hide a file. Pure.

A moved file is a pair of paths below classified/, with forward slashes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import PurePosixPath

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import count, display_name
from tui_gen.jobs.anime.review.folders import Folder, Folders, below, is_image
from tui_gen.jobs.anime.review.names import same_name

Moved = tuple[str, str]
_NOTHING = Folder()


def with_followers(images: Collection[str], folders: Folders) -> list[str]:
    """Return the paths of images and of the files that follow them, sorted."""
    by_folder: dict[str, list[str]] = {}
    for image in images:
        group, _, name = image.rpartition("/")
        by_folder.setdefault(group, []).append(name)
    paths: list[str] = []
    for group, names in sorted(by_folder.items()):
        folder = folders.get(group, _NOTHING)
        gone = sorted(set(names) - set(folder.images))
        if gone:
            message = f"{quoted(f'{group}/{gone[0]}')} is not there any more: nothing was changed"
            raise RefusedError(message)
        paths += [f"{group}/{name}" for name in sorted({*names, *folder.followers(names)})]
    return paths


def moves_to(images: Collection[str], target: str, folders: Folders) -> list[Moved]:
    """Return the moves of images into one group. Raises RefusedError."""
    leaving = [image for image in images if image.rpartition("/")[0] != target]
    moved = [(path, f"{target}/{path.rpartition('/')[2]}") for path in with_followers(leaving, folders)]
    refuse_clashes(moved, folders)
    return moved


def merging(groups: Sequence[str], into: str, folders: Folders) -> list[Moved]:
    """Return the moves of all files of groups, with the folders below them, into another group.

    Files that belong to no image stay where they are if their name is taken. Raises RefusedError.
    """
    moved: list[Moved] = []
    for group in groups:
        for name in sorted(below(group, folders)):
            target = f"{into}{name[len(group) :]}"
            folder, other = folders[name], folders.get(target, _NOTHING)
            own = {*folder.images, *folder.followers(folder.images)}
            own |= {file for file in folder.others if other.clash(file) is None}
            moved += [(f"{name}/{file}", f"{target}/{file}") for file in sorted(own)]
    refuse_clashes(moved, folders)
    return moved


def refuse_clashes(moved: Sequence[Moved], folders: Folders) -> None:
    """Raise RefusedError if a file would get a name that another file has, or its metadata would."""
    taken: dict[tuple[str, str], str] = {}
    clashes: list[tuple[str, str]] = []
    for source, target in moved:
        group, _, name = target.rpartition("/")
        found = folders.get(group, _NOTHING).clash(name)
        key = (group, same_name(PurePosixPath(name).stem if is_image(name) else f"/{name}"))
        other = f"{group}/{found}" if found is not None else taken.setdefault(key, source)
        # Files that are in one folder now may be in one folder afterwards.
        if found is not None or other.rpartition("/")[0] != source.rpartition("/")[0]:
            clashes.append((source, other))
    if clashes:
        # An image that clashes is told before its metadata.
        source, other = next((each for each in clashes if is_image(each[0])), clashes[0])
        images = sum(is_image(source) for source, _ in clashes)
        more = f" (and {count(images - 1)} more)" if images > 1 else ""
        message = (
            f"{quoted(source)} and {quoted(other)} cannot be in one folder{more}: nothing was moved; "
            "drop or rename one of the two"
        )
        raise RefusedError(message)


def outermost(groups: Iterable[str]) -> list[str]:
    """Return the groups without those that lie below others of them, each once."""
    kept: list[str] = []
    for group in sorted(set(groups)):
        if not any(group.startswith(f"{above}/") for above in kept):
            kept.append(group)
    return kept


def quoted(path: str) -> str:
    """Return a name for a sentence."""
    return f'"{display_name(path)}"'
