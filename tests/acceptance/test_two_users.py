"""Two users of a group, whole programs: what one begins, the other checks and ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import Films
from tests.acceptance.program import RUN_SECONDS, TINY, Dataset, Done, command, entry, environment
from tests.users import ANNA, BORIS, GROUP, shared_by_group

AS_ANOTHER = (
    "--groups", str(GROUP),
    # Python and the films may lie where only root looks. Reading everything grants no writing.
    "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search",
)  # fmt: skip
ROOT = Path(__file__).parents[2]
SETPRIV = shutil.which("setpriv")


def run_as(user: int, *arguments: str | Path) -> Done:
    """Run the program as a user of the group, with the umask of the group."""
    done = subprocess.run(
        [str(SETPRIV), f"--reuid={user}", f"--regid={user}", *AS_ANOTHER, "--", *command(*arguments)],
        env=environment(PYTHONPATH=str(ROOT), HOME="/nonexistent"),
        cwd="/",
        umask=0o002,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS,
    )
    return Done(done.returncode, done.stdout, done.stderr, 0.0)


@pytest.fixture
def data(films: Films) -> Iterator[Dataset]:
    """Return a dataset of the group of which Anna has made a part."""
    if SETPRIV is None:
        pytest.skip("no setpriv")
    with shared_by_group() as folder:
        config = {
            "base_settings": {"output_base_dir": "out"},
            "category_targets": {"general": 6},
            "format_config": {"general": TINY},
            "videos": [entry(films.beta, "Beta", {"general": 1.0})],
        }
        path = folder / "c.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        os.chown(path, ANNA, GROUP)
        begun = run_as(ANNA, "run", path, "--limit", "2")
        if "Operation not permitted" in begun.err:
            pytest.skip("the capability to read everything cannot be given")
        assert begun.code == 0, str(begun)
        yield Dataset(path)


@pytest.mark.soak
def test_a_second_user_goes_on_and_the_first_one_after_that(data: Dataset) -> None:
    checked = run_as(BORIS, "check", data.config)
    assert checked.code == 0, str(checked)
    goes_on = run_as(BORIS, "run", data.config, "--limit", "2")
    assert goes_on.code == 0, str(goes_on)
    ends = run_as(ANNA, "run", data.config)
    assert ends.code == 0, str(ends)
    not_of_group = [
        path for path in (data.output, *data.output.rglob("*")) if not path.stat().st_mode & 0o020
    ]
    assert not_of_group == []


@pytest.mark.soak
def test_check_refuses_what_run_refuses(data: Dataset) -> None:
    for name in ("ledger.jsonl", "lock"):
        path = data.output / ".tui-gen" / name
        path.chmod(0o644)
        checked = run_as(BORIS, "check", "--json", data.config)
        assert checked.code == 3, str(checked)
        (output,) = (found for found in json.loads(checked.out)["machine"] if found["what"] == "output")
        assert output["level"] == "wrong"
        assert f"{path} cannot be written to (Permission denied; owner " in output["says"]
    assert run_as(BORIS, "run", data.config).code == 2
