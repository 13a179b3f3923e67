"""What `review` asks of a job: the groups of its images, and changes of these groups by hand.

An action takes effect at once, and `undo` takes it back. An action that cannot be done does nothing: it
raises RefusedError with a sentence, or OSError with the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tui_gen.contract.preview import Picture

LEAST_COHESION = 0.5
"""In a group below it, two members differ on average more than members of one group should."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of images."""

    id: str
    name: str
    size: int  # members; those of groups below it are not counted
    cohesion: float | None = None  # 0 to 1, how alike the members are (see LEAST_COHESION); None: not known
    medoids: tuple[str, ...] = ()  # ids of the most typical members, the most typical first
    is_noise: bool = False  # images that belong to no group
    is_reference: bool = False  # images are sorted into this group by references that the user gave
    is_pinned: bool = False  # made or named by hand: the job leaves it as it is


@dataclass(frozen=True, slots=True)
class Member:
    """An image of a group."""

    id: str
    file: Path


class GroupReviewer(Protocol):
    """Shows groups, and changes them.

    Methods that change something return a sentence of what was done. Methods may be called from any thread:
    one change at a time, and meanwhile `draw`.
    """

    @property
    def place(self) -> str:
        """Where the groups are: a folder, as a text."""
        ...

    @property
    def noise(self) -> str:
        """The id of the group of images that belong to no group, whether the group exists now or not."""
        ...

    def groups(self) -> Sequence[Group]:
        """Return the groups as they are now, in the order of the job. Raises RefusedError, OSError."""
        ...

    def members(self, group: str) -> Sequence[Member]:
        """Return the members of a group, the most typical first; none if there is no such group.

        Raises OSError.
        """
        ...

    def draw(self, member: Member, *, columns: int, rows: int) -> Picture:
        """Draw a member into at most so many cells, with its own aspect ratio. Raises OSError, ValueError."""
        ...

    def rename(self, group: str, name: str) -> str:
        """Give a group, with all groups below it, another name; a name that exists merges the two."""
        ...

    def merge(self, groups: Sequence[str], into: str) -> str:
        """Move all of the groups, with all groups below them, into another group."""
        ...

    def to_noise(self, groups: Sequence[str]) -> str:
        """Move all images of the groups, and of all groups below them, to the noise."""
        ...

    def drop_groups(self, groups: Sequence[str]) -> str:
        """Take all images of the groups, and of all groups below them, out of the dataset."""
        ...

    def move(self, members: Sequence[str], to: str) -> str:
        """Move members to a group: the id of a group, or the name of a new one."""
        ...

    def drop(self, members: Sequence[str]) -> str:
        """Take members out of the dataset."""
        ...

    def make_reference(self, members: Sequence[str]) -> str:
        """Make members references of their group."""
        ...

    def undo(self) -> str:
        """Take the last change of this session back. Raises RefusedError if there is none."""
        ...
