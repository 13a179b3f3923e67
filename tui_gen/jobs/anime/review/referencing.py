"""Plans the links that make images references of their character: <references>/<character>/<image>."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import count
from tui_gen.jobs.anime.review import names
from tui_gen.jobs.anime.review.moves import quoted
from tui_gen.jobs.anime.review.steps import Link


def referencing(
    members: Sequence[str], *, classified: Path, references: Path | None
) -> tuple[list[Link], str]:
    """Return the links, and a sentence of what they do. Raises RefusedError, OSError."""
    if references is None:
        message = 'name a folder for references first: "character_ref_dir" in the configuration'
        raise RefusedError(message)
    links: list[Link] = []
    for member in members:
        group, _, name = member.rpartition("/")
        if names.is_noise(group) or names.is_unnamed(group):
            message = f"{quoted(group)} is no character: rename the group first, or move the images to one"
            raise RefusedError(message)
        source, target = classified / member, references / names.character_path(group) / name
        if not source.exists():
            message = f"{quoted(member)} is not there any more"
            raise RefusedError(message)
        if not target.exists():
            links.append(Link(source, target))
        elif not target.samefile(source):
            message = f"{target}: another image has this name already; rename one of the two"
            raise RefusedError(message)
    if not links:
        message = "these images are references already" if members else "no image is chosen"
        raise RefusedError(message)
    where = sorted({str(link.target.parent) for link in links})
    images = "1 image a reference" if len(links) == 1 else f"{count(len(links))} images references"
    return links, f"made {images}: {where[0]}{' and others' if len(where) > 1 else ''}"
