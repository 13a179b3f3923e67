"""The groups of the folder classified/: shown and changed as hands would change the folders.

Invariant: an action moves all that it names or nothing, overwrites no file and deletes none. The next run
finds the folders as it would find them after a file manager.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from tui_gen.base.errors import RefusedError
from tui_gen.base.files import denial
from tui_gen.base.formatting import count, display_name
from tui_gen.config.run_config import RUN_FOLDER
from tui_gen.contract.groups import Group, Member
from tui_gen.contract.preview import Picture
from tui_gen.jobs.anime.model import NOISE
from tui_gen.jobs.anime.review import names
from tui_gen.jobs.anime.review.dropping import DROPPED, dropping
from tui_gen.jobs.anime.review.folders import Folder, Folders, below, is_image, read_folders
from tui_gen.jobs.anime.review.knowledge import (
    GROUPS_FILE,
    REMOVED_FILE,
    Measured,
    is_by_hand,
    measured_of_folders,
    read_measured,
    read_references,
)
from tui_gen.jobs.anime.review.moves import Moved, merging, moves_to, outermost, quoted
from tui_gen.jobs.anime.review.referencing import referencing
from tui_gen.jobs.anime.review.steps import (
    Move,
    RemoveFolder,
    Step,
    folders_to_make,
    perform,
    take_back,
)

_UNKNOWN = Measured(None, ())


@dataclass(frozen=True, slots=True)
class Change:
    """What was done, and how it is taken back."""

    sentence: str
    steps: tuple[Step, ...]


class ClassifiedGroups:
    """Reviews the folders below classified/. A group's id is its path there, a member's that of its file."""

    def __init__(
        self,
        classified: Path,
        *,
        output: Path,
        references: Path | None,
        pinned: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        """Review `classified`, which lies below `output`.

        `references` is the folder of reference images (character_ref_dir). `pinned` returns the ids of the
        images that were put into their folders by hand; it is called when the groups are first listed.
        """
        self._classified, self._output, self._references = classified, output, references
        self._run_folder = output / RUN_FOLDER
        self._read_pinned = pinned
        self._pinned: frozenset[str] | None = None
        self._changes: list[Change] = []

    # ------------------------------------------------------------------ looking

    @property
    def place(self) -> str:
        """The folder of the groups."""
        return str(self._classified)

    @property
    def noise(self) -> str:
        """The folder of the images that belong to no character."""
        return NOISE

    def groups(self) -> Sequence[Group]:
        """Return the folders that have images, in them or below them: named ones first, the noise last."""
        folders = self._folders()
        measured = read_measured(self._run_folder / GROUPS_FILE)
        known = measured_of_folders(measured or {}, folders)
        if self._pinned is None:
            self._pinned = frozenset(self._read_pinned())
        pinned = self._pinned
        references = read_references(self._references)
        return [
            Group(
                id=group,
                name=group,
                size=len(folders[group].images),
                cohesion=known.get(group, _UNKNOWN).cohesion,
                medoids=_medoids(group, folders, known),
                is_noise=names.is_noise(group),
                is_reference=names.character_path(group) in references,
                is_pinned=not names.is_noise(group)
                and is_by_hand(group, folders, measured=measured, pinned=pinned),
            )
            for group in sorted(folders, key=names.order_of)
            if any(folders[name].images for name in below(group, folders))
        ]

    def members(self, group: str) -> Sequence[Member]:
        """Return the images of a folder, the medoids first; none if the folder is gone."""
        folders = self._folders()
        if group not in folders:
            return []
        measured = read_measured(self._run_folder / GROUPS_FILE) or {}
        medoids = _medoids(group, folders, measured_of_folders(measured, folders))
        images = [f"{group}/{name}" for name in folders[group].images]
        typical = set(medoids)
        ordered = [*medoids, *(image for image in images if image not in typical)]
        return [Member(image, self._classified / image) for image in ordered]

    def draw(self, member: Member, *, columns: int, rows: int) -> Picture:
        """Draw an image. Raises OSError, ValueError."""
        from tui_gen.jobs.anime.review.pictures import draw_image

        return draw_image(member.file, columns=columns, rows=rows)

    def _folders(self) -> dict[str, Folder]:
        try:
            return read_folders(self._classified)
        except FileNotFoundError as error:
            message = f"{self._classified}: there are no groups yet; a run makes them in its stage classify"
            if (self._run_folder / REMOVED_FILE).exists():
                message = f"{self._classified}: the images of the groups were removed (remove_intermediate)"
            raise RefusedError(message) from error

    # ------------------------------------------------------------------ changing groups

    def rename(self, group: str, name: str) -> str:
        """Move the folder to another name, or into the folder that has the name."""
        name, folders = names.checked(name), self._folders()
        _refuse_missing([group], folders)
        if names.is_noise(group):
            message = f"{group} keeps its name: move its images to a group instead"
            raise RefusedError(message)
        if name == group:
            message = f"{quoted(group)} has this name already"
            raise RefusedError(message)
        if name in folders:
            return self.merge([group], name)
        if name.startswith(f"{group}/"):
            message = f"{quoted(name)} would be inside {quoted(group)}: open the group and move its images"
            raise RefusedError(message)
        own = set(below(group, folders))
        names.refuse_other_case(name, [each for each in folders if each not in own])
        target = self._classified / name
        move = Move(self._classified / group, target)
        said = f"renamed {quoted(group)} to {quoted(name)}{names.remark_on(name)}"
        return self._change([*folders_to_make([target.parent]), move, *self._left_empty(group)], said)

    def merge(self, groups: Sequence[str], into: str) -> str:
        """Move all files of the folders, and of those below them, into another folder."""
        folders = self._folders()
        merged = [group for group in outermost(groups) if group != into]
        _refuse_missing([*merged, into], folders)
        inside = next((group for group in merged if into.startswith(f"{group}/")), None)
        if inside is not None:
            message = f"{quoted(into)} is inside {quoted(inside)}: open {quoted(inside)} and move its images"
            raise RefusedError(message)
        moved = merging(merged, into, folders)
        return self._move(moved, merged, f"of {_listed(merged)} to {quoted(into)}", folders)

    def to_noise(self, groups: Sequence[str]) -> str:
        """Move all images of the folders, and of those below them, to the noise."""
        folders = self._folders()
        loose = [group for group in outermost(groups) if not names.is_noise(group)]
        _refuse_missing(loose, folders)
        images = _images_below(loose, folders)
        moved = moves_to(images, NOISE, folders)
        return self._move(moved, loose, f"of {_listed(loose)} to the noise", folders)

    def drop_groups(self, groups: Sequence[str]) -> str:
        """Move all images of the folders, and of those below them, to the dropped ones."""
        folders = self._folders()
        dropped = outermost(groups)
        _refuse_missing(dropped, folders)
        return self._drop(_images_below(dropped, folders), dropped, folders)

    # ------------------------------------------------------------------ changing members

    def move(self, members: Sequence[str], to: str) -> str:
        """Move images to a folder, which is made if it does not exist."""
        folders = self._folders()
        if to in folders or to == NOISE:
            said = "the noise" if to == NOISE else quoted(to)
        else:
            to = names.checked(to)
            names.refuse_other_case(to, folders)
            said = quoted(to) if to in folders else f"the new group {quoted(to)}{names.remark_on(to)}"
        moved = moves_to(members, to, folders)
        return self._move(moved, _groups_of(members), f"to {said}", folders)

    def drop(self, members: Sequence[str]) -> str:
        """Move images to the dropped ones."""
        return self._drop(members, _groups_of(members), self._folders())

    def make_reference(self, members: Sequence[str]) -> str:
        """Link images to the folder of their character's references."""
        links, said = referencing(members, classified=self._classified, references=self._references)
        return self._change([*folders_to_make(link.target.parent for link in links), *links], said)

    # ------------------------------------------------------------------ doing and undoing

    def undo(self) -> str:
        """Take the last change back."""
        if not self._changes:
            message = "nothing to undo"
            raise RefusedError(message)
        change = self._changes[-1]
        try:
            take_back(change.steps)
        except OSError as error:
            raise _told(error, "cannot be taken back") from error
        self._changes.pop()
        return f"taken back: {change.sentence}"

    def _move(self, moved: Sequence[Moved], groups: Iterable[str], said: str, folders: Folders) -> str:
        images = sum(is_image(source) for source, _ in moved)
        if not moved:
            message = "there is nothing to move: no image, or all of them are there already"
            raise RefusedError(message)
        steps = [Move(self._classified / source, self._classified / target) for source, target in moved]
        return self._move_all(steps, groups, f"moved {_counted(images)} {said}", folders)

    def _move_all(self, steps: Sequence[Move], groups: Iterable[str], said: str, folders: Folders) -> str:
        """Move files, make the folders that are needed before, and remove the folders that are empty then."""
        made = folders_to_make(step.target.parent for step in steps)
        emptied = [step for group in groups for step in self._emptied(group, folders)]
        return self._change([*made, *steps, *emptied], said)

    def _drop(self, images: Collection[str], groups: Sequence[str], folders: Folders) -> str:
        if not images:
            message = "there is no image to drop"
            raise RefusedError(message)
        place = self._run_folder / DROPPED
        steps = dropping(images, folders, classified=self._classified, output=self._output, place=place)
        said = f"dropped {_counted(len(images))} of {_listed(groups)}; kept in {RUN_FOLDER}/{DROPPED}"
        return self._move_all(steps, groups, said, folders)

    def _emptied(self, group: str, folders: Folders) -> list[RemoveFolder]:
        """Return the steps that remove a folder, those below and those above it, as far as they are empty."""
        inside = sorted(below(group, folders), reverse=True)
        return [*(RemoveFolder(self._classified / name) for name in inside), *self._left_empty(group)]

    def _left_empty(self, group: str) -> list[RemoveFolder]:
        """Return the steps that remove the folders above one, as far as they are empty then."""
        above = PurePath(group).parents
        return [RemoveFolder(self._classified / name) for name in above if str(name) != "."]

    def _change(self, steps: Sequence[Step], said: str) -> str:
        try:
            perform(steps)
        except OSError as error:
            raise _told(error, "nothing was changed") from error
        self._changes.append(Change(said, tuple(steps)))
        return said


def _told(error: OSError, consequence: str) -> RefusedError:
    if isinstance(error, PermissionError) and error.filename is not None:
        return RefusedError(f"{denial(error)}; {consequence}")
    other = f" -> {error.filename2}" if error.filename2 is not None else ""
    return RefusedError(display_name(f"{error.filename}{other}: {error.strerror}; {consequence}"))


def _refuse_missing(groups: Iterable[str], folders: Folders) -> None:
    missing = next((group for group in groups if group not in folders), None)
    if missing is not None:
        message = f"the group {quoted(missing)} is not there any more"
        raise RefusedError(message)


def _medoids(group: str, folders: Folders, known: dict[str, Measured]) -> tuple[str, ...]:
    """Return the ids of the medoids that are in the folder."""
    by_stem = {PurePath(name).stem: f"{group}/{name}" for name in folders[group].images}
    return tuple(by_stem[stem] for stem in known.get(group, _UNKNOWN).medoids if stem in by_stem)


def _images_below(groups: Iterable[str], folders: Folders) -> list[str]:
    found = {name for group in groups for name in below(group, folders)}
    return [f"{name}/{image}" for name in sorted(found) for image in folders[name].images]


def _groups_of(members: Iterable[str]) -> list[str]:
    return sorted({member.rpartition("/")[0] for member in members})


def _counted(images: int) -> str:
    return f"{count(images)} {'image' if images == 1 else 'images'}"


def _listed(groups: Sequence[str]) -> str:
    most = 2
    if len(groups) > most:
        return f"{count(len(groups))} groups"
    return " and ".join(map(quoted, groups))
