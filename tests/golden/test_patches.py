"""The patches of fixed films keep their names, their pixels and, under the same versions, their bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.patches import (
    CONFIGS,
    CONVERTED,
    RECORD,
    farthest,
    make_patches,
    means,
    patches_in,
    versions,
)
from tests.golden.program import read_json

GOLDEN = read_json(RECORD)
MOST_LEVELS = 1
"""As far may the rounding of another processor move the mean of a sixteenth of a patch."""


def test_every_golden_configuration_has_a_record() -> None:
    assert {path.stem for path in CONFIGS.glob("*.json")} == GOLDEN["patches"].keys()


@pytest.mark.parametrize("name", sorted(GOLDEN["patches"]))
def test_the_patches_of_fixed_films_are_those_of_the_record(
    name: str, tmp_path: Path, *, converts_as_recorded: bool
) -> None:
    done = make_patches(name, tmp_path)
    assert done.code == 0, str(done)
    output = tmp_path / "dataset"
    made, recorded = patches_in(output), GOLDEN["patches"][name]
    assert recorded.keys() <= made.keys(), sorted(recorded.keys() - made.keys())
    # The means of those whose colours are converted in floating point.
    converted = {} if converts_as_recorded else GOLDEN["means"][name]
    # Another version may compress the same pixels to other bytes.
    kind = "png" if GOLDEN["versions"] == versions() else "pixels"
    changed = [
        path for path in recorded if path not in converted and made[path][kind] != recorded[path][kind]
    ]
    assert changed == [], f"other {kind}"
    far = {path: farthest(means(output / path), recorded) for path, recorded in converted.items()}
    assert {path: levels for path, levels in far.items() if levels > MOST_LEVELS} == {}


def test_the_means_are_those_of_every_patch_of_a_film_whose_colours_are_converted() -> None:
    for name, recorded in GOLDEN["patches"].items():
        assert GOLDEN["means"][name].keys() == {
            path for path in recorded if any(film in path for film in CONVERTED)
        }
