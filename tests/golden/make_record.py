"""Write golden records with the program version that they shall describe.

The tests do not run this script.

    python -m tests.golden.make_record parser patches run_folder wire
"""

from __future__ import annotations

import json
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.golden import parser, patches, resuming, wire
from tests.golden.program import Engine, read_json, write_json


def _patches() -> None:
    """Run every configuration and write down what it made."""
    made, converted = {}, {}
    for config in sorted(patches.CONFIGS.glob("*.json")):
        with tempfile.TemporaryDirectory() as folder:
            done = patches.make_patches(config.stem, Path(folder))
            assert done.code == 0, str(done)
            output = Path(folder) / "dataset"
            made[config.stem] = patches.patches_in(output)
            converted[config.stem] = {
                path: patches.means(output / path)
                for path in made[config.stem]
                if any(film in path for film in patches.CONVERTED)
            }
            sys.stdout.write(f"{config.stem}: {len(made[config.stem])} files\n")
    write_json(patches.RECORD, {"versions": patches.versions(), "patches": made, "means": converted})


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


def _wire() -> None:
    """Write down what a client sends, and what a paused engine with some clips tells."""
    with tempfile.TemporaryDirectory() as place:
        config = wire.lay_out_long_film(Path(place))
        with Engine(config) as engine, wire.Line(engine.wait_for_socket()) as line:
            engine.wait_until(lambda: engine.clips_made() > 0, "a clip")
            line.ask('{"command": {"is": "Pause"}}\n')
            state = line.ask('{"ask": "state", "after": 0}\n')["state"]
            status = engine.output / ".generator_status.json"
            engine.wait_until(lambda: read_json(status)["state"] == "paused", "the status of a paused engine")
            told = {"state": state, "status": read_json(status)}
            line.ask('{"command": {"is": "Stop"}}\n')
            engine.end()
        told = json.loads(json.dumps(told).replace(place, "/there").replace(socket.gethostname(), "there"))
        requests = {}
        for order in wire.ORDERS:
            with wire.RecordedEngine(config, **told) as recorded:
                assert wire.give_order(config, order).code == 0
            requests[order] = recorded.asked[-1]
            (Path(place) / "socket").unlink()
    found = {**told, "requests": requests, "settings": wire.SETTINGS, "shapes": dict(wire.shapes(state))}
    write_json(wire.RECORD, found)


RECORDS: Mapping[str, Callable[[], None]] = {
    "parser": _parser,
    "patches": _patches,
    "run_folder": _run_folder,
    "wire": _wire,
}

if __name__ == "__main__":
    for name in sys.argv[1:]:
        RECORDS[name]()
