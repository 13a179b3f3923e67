"""Groups without files: a reviewer in memory, whose pictures are drawn from the names."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.contract.groups import Group, Member
from tui_gen.contract.preview import RGB, Picture

NOISE = "-1_noise"


class ToyReviewer:
    """Keeps groups in a dictionary; `undo` restores the one before."""

    def __init__(self, members: dict[str, list[str]], **known: Group) -> None:
        """Review groups with these members."""
        self.place = "/data/series/classified"
        self.noise = NOISE
        self.now = {group: list(names) for group, names in members.items()}
        self.known = known
        self.drawn: list[str] = []
        self._before: list[tuple[dict[str, list[str]], str]] = []

    def groups(self) -> Sequence[Group]:
        """Return the groups that have members."""
        return [self._group(name, len(members)) for name, members in self.now.items() if members]

    def _group(self, name: str, size: int) -> Group:
        known = self.known.get(name, Group(name, name, size))
        medoids = tuple(f"{name}/{member}" for member in self.now[name][:3])
        return Group(
            name, name, size, known.cohesion, medoids, name == NOISE, known.is_reference, known.is_pinned
        )

    def members(self, group: str) -> Sequence[Member]:
        """Return the members in their order."""
        return [
            Member(f"{group}/{name}", Path(f"/data/{group}/{name}.png")) for name in self.now.get(group, [])
        ]

    def draw(self, member: Member, *, columns: int, rows: int) -> Picture:
        """Draw a head on a background, in colours of the member's group."""
        name = member.file.stem
        if name.startswith("broken"):
            message = f"{member.file}: not an image"
            raise ValueError(message)
        self.drawn.append(member.id)
        width, height = min(columns, rows * 2 * 3 // 4), min(rows, columns * 2 // 3)
        hue = sum(map(ord, name.rstrip("0123456789_person"))) % 97 / 97
        hair, ground = _rgb(hue, 0.6, 0.55), _rgb(hue + 0.4, 0.25, 0.8)

        def colour(x: int, y: int) -> RGB:
            across, down = (x + 0.5) / width - 0.5, (y + 0.5) / (2 * height)
            radius = (across / 0.34) ** 2 + ((down - 0.42) / 0.3) ** 2
            if radius < 1:
                return hair if down < 0.34 else (240, 210, 190)
            return (
                hair if abs(across) < 0.42 and 0.2 < down < 0.7 else ground if down < 0.75 else (70, 80, 110)
            )

        cells = [[(colour(x, 2 * y), colour(x, 2 * y + 1)) for x in range(width)] for y in range(height)]
        return Picture(cells, "24x36")

    # ------------------------------------------------------------------ changing

    def rename(self, group: str, name: str) -> str:
        """Rename or merge."""
        if name == "refused":
            message = 'the name "refused" is refused'
            raise RefusedError(message)
        return self._change(f"renamed {group} to {name}", {group: name})

    def merge(self, groups: Sequence[str], into: str) -> str:
        """Merge groups."""
        return self._change(f"moved {' and '.join(groups)} to {into}", dict.fromkeys(groups, into))

    def to_noise(self, groups: Sequence[str]) -> str:
        """Move groups to the noise."""
        return self._change(f"moved {' and '.join(groups)} to the noise", dict.fromkeys(groups, NOISE))

    def drop_groups(self, groups: Sequence[str]) -> str:
        """Drop groups."""
        return self._change(f"dropped {' and '.join(groups)}", dict.fromkeys(groups, ""))

    def move(self, members: Sequence[str], to: str) -> str:
        """Move members."""
        return self._move(f"moved {len(members)} to {to}", members, to)

    def drop(self, members: Sequence[str]) -> str:
        """Drop members."""
        return self._move(f"dropped {len(members)}", members, "")

    def make_reference(self, members: Sequence[str]) -> str:
        """Change nothing but the history."""
        return self._move(f"made {len(members)} references", [], "")

    def undo(self) -> str:
        """Restore what was before."""
        if not self._before:
            message = "nothing to undo"
            raise RefusedError(message)
        self.now, said = self._before.pop()
        return f"taken back: {said}"

    def _change(self, said: str, targets: dict[str, str]) -> str:
        members = [f"{group}/{name}" for group in targets for name in self.now[group]]
        return self._move(said, members, targets[next(iter(targets))])

    def _move(self, said: str, members: Sequence[str], to: str) -> str:
        self._before.append(({name: list(each) for name, each in self.now.items()}, said))
        for member in members:
            group, _, name = member.rpartition("/")
            self.now[group].remove(name)
            if to:
                self.now.setdefault(to, []).append(name)
        return said


def _rgb(hue: float, saturation: float, value: float) -> RGB:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


def toy() -> ToyReviewer:
    """Return a review of a series with seven characters, four clusters and noise."""
    sizes = {
        "Frieren": 412,
        "Frieren/winter coat": 58,
        "Fern": 371,
        "Fern/ceremony/staff+veil": 9,
        "Stark": 203,
        "Himmel": 96,
        "0_qkzvbw": 64,
        "1_mxtrao": 41,
        "2_ahwdue": 17,
        "3_pplkcn": 6,
        NOISE: 310,
    }
    cohesions = (0.91, 0.88, 0.86, 0.93, 0.79, 0.84, 0.72, 0.66, 0.41, 0.58, None)
    members: dict[str, list[str]] = {}
    known: dict[str, Group] = {}
    for (group, size), cohesion in zip(sizes.items(), cohesions, strict=True):
        letter = group.replace("/", "").lower()[:5] if cohesion else "mixed"
        members[group] = [f"{letter}_EP{1 + k % 12}_{37 * k + 120:06d}_person{k % 2}" for k in range(size)]
        known[group] = Group(
            group,
            group,
            size,
            cohesion,
            is_reference=group in {"Frieren", "Stark"},
            is_pinned=group == "Himmel",
        )
    return ToyReviewer(members, **known)
