"""`"hdr": "fast"`: its marks in the ledger, folders of the version before, and machines without numba."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.acceptance.conftest import Configure, Here
from tests.acceptance.program import Dataset, check_whole
from tests.acceptance.test_wide_output import hdr_film

__all__ = ["hdr_film"]  # a fixture


def as_before_the_kernel(data: Dataset) -> None:
    """Make the run folder one of the version whose recipe did not have the kernel."""
    lines = data.ledger()
    for line in lines:
        if "recipe" in line:
            assert line["recipe"].pop("hdr_fast") == 2
    data.ledger_path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def test_a_folder_of_the_version_before_the_kernel_goes_on_by_mix_alone(
    hdr_film: dict[str, Any], configure: Configure, here: Here
) -> None:
    data = configure([hdr_film], name="fast", targets={"space": 2})
    data.edit(lambda settings: settings.update(hdr="fast"))
    data.complete()
    check_whole(data)
    (learned,) = [line["facts"]["colour"] for line in data.ledger() if "colour" in line.get("facts", {})]
    assert "tone mapping by the kernel, version 2,setparams=" in learned["chain"]
    as_before_the_kernel(data)
    before = data.stamps()
    for command in ("run", "plan"):
        refused = here(command, data.config)
        assert refused.code == 2, str(refused)
        assert "hdr_fast: 1 -> 2" in refused.err
        assert 'Go on with --mix, by "hdr": "fast" or by "hdr": "exact"' in " ".join(refused.err.split())
    assert data.stamps() == before
    data.edit(lambda settings: settings["category_targets"].update(space=3))
    data.complete("--mix")
    assert len(data.made()) == 3
    assert before.items() <= data.stamps().items()


def test_without_numba_it_is_refused_before_anything_is_written(
    hdr_film: dict[str, Any], configure: Configure, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)  # as where it is not installed
    data = configure([hdr_film], name="fast", targets={"space": 1})
    data.edit(lambda settings: settings.update(hdr="fast"))
    for command in ("run", "plan"):
        refused = here(command, data.config)
        assert refused.code == 2, str(refused)
        assert '"hdr": "fast" needs numba: pip install \'.[fast]\'' in refused.err
    checked = here("check", data.config, "--no-keep")
    assert checked.code == 3, str(checked)
    assert "Wrong with this machine: HDR kernel" in checked.out
    assert "needs numba" in checked.out
    assert not data.output.exists()
    data.edit(lambda settings: settings.update(colour_output="pq16"))
    assert here("plan", data.config).code == 0
