"""Finds the digits of a run on another machine: the same images, under other paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.videomnist.digits.find import AUTO, load_pool
from tui_gen.jobs.videomnist.digits.pool import DigitPool, DigitsError
from tui_gen.jobs.videomnist.digits.stored import Collection, Part, StoredDigits, hash_of


def pool_elsewhere(
    pool: DigitPool, digits: str | Mapping[str, str], here: Callable[[str], str], *, config_folder: Path
) -> DigitPool:
    """Return the pool with the paths of this machine; `here` translates those of the engine's.

    With `digits` "auto", the places of this machine are looked at, too. Raises RefusedError unless the images
    are the same.
    """
    if not isinstance(pool, StoredDigits):
        return pool  # drawn
    moved = replace(pool, train=_part(pool.train, here), test=_part(pool.test, here))
    reasons = list[str]()
    try:
        if hash_of(moved.train, moved.test) == pool.sha256:
            return moved
        reasons.append("other images are there")
    except DigitsError as error:
        reasons += error.problems
    except OSError as error:
        reasons.append(f"{error.filename}: {error.strerror}")
    if digits == AUTO:
        try:
            found = load_pool(AUTO, config_folder=config_folder, seed=0)
        except DigitsError as error:
            reasons.append(error.problems[0].partition("\n")[0])
        else:
            if found.sha256 == pool.sha256:
                return found
            reasons.append(f"{found.description} has other images")
    places = ", ".join(str(path) for part in (moved.train, moved.test) for path in _paths(part.collection))
    message = (
        f"the digits of this run are not on this machine ({'; '.join(reasons)}): copy them to {places}, "
        'or give the folder where they are in "paths"'
    )
    raise RefusedError(message)


def _part(part: Part, here: Callable[[str], str]) -> Part:
    collection = part.collection
    changes = {name: Path(here(str(path))) for name, path in _path_fields(collection)}
    moved: Any = replace(collection, **changes)  # type: ignore[type-var] # all are dataclasses
    return replace(part, collection=moved)


def _paths(collection: Collection) -> Iterator[Path]:
    yield from (path for _, path in _path_fields(collection))


def _path_fields(collection: Any) -> Iterator[tuple[str, Path]]:  # noqa: ANN401 - all are dataclasses
    for field in fields(collection):
        value = getattr(collection, field.name)
        if isinstance(value, Path):
            yield field.name, value
