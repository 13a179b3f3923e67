"""Write golden records with the program version that they shall describe.

The tests do not run this script.

    python -m tests.golden.make_record parser patches run_folder
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.golden import parser, patches, resuming
from tests.golden.program import write_json


def _patches() -> None:
    """Run every configuration and write down what it made."""
    made = {}
    for config in sorted(patches.CONFIGS.glob("*.json")):
        with tempfile.TemporaryDirectory() as folder:
            done = patches.make_patches(config.stem, Path(folder))
            assert done.code == 0, str(done)
            made[config.stem] = patches.patches_in(Path(folder) / "dataset")
            sys.stdout.write(f"{config.stem}: {len(made[config.stem])} files\n")
    write_json(patches.RECORD, {"versions": patches.versions(), "patches": made})


def _parser() -> None:
    """Write down the structure of the command line, and exit codes."""
    with tempfile.TemporaryDirectory() as folder:
        refusals = parser.exit_codes_of_refusals(Path(folder))
    codes = {"exit codes": parser.documented_exit_codes(), "refusals": refusals}
    write_json(parser.RECORD, {**parser.probed(), **codes})


def _run_folder() -> None:
    """Resume the run folder and write down how it stands."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        resuming.lay_out(folder)
        before = resuming.parts(folder)
        resumed = resuming.resume(folder)
        found = {
            "versions": patches.versions(),
            "parts before": before,
            "parts after": resuming.parts(folder),
            "made": sorted(resumed.made),
            "standing": resuming.standing(folder),
        }
    write_json(resuming.RECORD, found)


RECORDS: Mapping[str, Callable[[], None]] = {
    "parser": _parser,
    "patches": _patches,
    "run_folder": _run_folder,
}

if __name__ == "__main__":
    for name in sys.argv[1:]:
        RECORDS[name]()
