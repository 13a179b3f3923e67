"""The patches of fixed films keep their names, their pixels and, under the same versions, their bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.patches import CONFIGS, RECORD, make_patches, patches_in, versions
from tests.golden.program import read_json

GOLDEN = read_json(RECORD)


def test_every_golden_configuration_has_a_record() -> None:
    assert {path.stem for path in CONFIGS.glob("*.json")} == GOLDEN["patches"].keys()


@pytest.mark.parametrize("name", sorted(GOLDEN["patches"]))
def test_the_patches_of_fixed_films_are_those_of_the_record(name: str, tmp_path: Path) -> None:
    done = make_patches(name, tmp_path)
    assert done.code == 0, str(done)
    made, recorded = patches_in(tmp_path / "dataset"), GOLDEN["patches"][name]
    assert recorded.keys() <= made.keys(), sorted(recorded.keys() - made.keys())
    # Another version may compress the same pixels to other bytes.
    kind = "png" if GOLDEN["versions"] == versions() else "pixels"
    changed = [path for path in recorded if made[path][kind] != recorded[path][kind]]
    assert changed == [], f"other {kind}"
