"""The layers of the package: what may import what, and what must stay unloaded until it is needed."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

LOADED_AFTER_IMPORTING = """
import importlib, json, pkgutil, sys
for name in sys.argv[1:]:
    module = importlib.import_module(name)
    for part in pkgutil.walk_packages(getattr(module, "__path__", ()), name + "."):
        importlib.import_module(part.name)
print(json.dumps(sorted(sys.modules)))
"""


def packages_loaded_by(module: str) -> set[str]:
    """Import a module and all below it in a fresh interpreter; return the top-level names loaded."""
    return {name.partition(".")[0] for name in modules_loaded_by(module)}


def modules_loaded_by(*modules: str) -> set[str]:
    """Import modules and all below them in a fresh interpreter; return all that was loaded."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED_AFTER_IMPORTING, *modules],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    loaded: list[str] = json.loads(done.stdout)
    return set(loaded)


def test_the_import_contracts_hold() -> None:
    # In a process of its own: the linter silences all loggers there are, for the tests after this one too.
    lint = "from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run(
        [sys.executable, "-c", lint, "--config", "pyproject.toml", "--no-cache"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_engine_loads_neither_screens_nor_pixels() -> None:
    assert not packages_loaded_by("tui_gen.engine") & {"textual", "rich", "numpy", "cv2", "av"}


def test_screens_load_no_pixels() -> None:
    assert not packages_loaded_by("tui_gen.tui") & {"numpy", "cv2", "av"}


def test_the_command_line_starts_without_anything_heavy() -> None:
    heavy = {"textual", "rich", "numpy", "cv2", "av", "pydantic"}
    assert not packages_loaded_by("tui_gen.cli.main") & heavy


SCREENS = {"screen", "remote_controller", "serve", "attached", "replay"}
"""What opens a screen, in a terminal or in a browser, and what shows a screen another process's engine."""

LOADED_AFTER_HELP = """
import sys
from tui_gen.cli.main import main
try:
    main(["--help"])
except SystemExit:
    print("rich" in sys.modules, "textual" in sys.modules)
"""


def test_commands_without_a_screen_and_views_load_no_screen() -> None:
    commands = {path.stem for path in (ROOT / "tui_gen" / "commands").iterdir() if path.stem[0] != "_"}
    assert commands >= SCREENS | {"check", "plan", "run"}
    modules = [f"tui_gen.commands.{name}" for name in sorted(commands - SCREENS)]
    loaded = modules_loaded_by(*modules, "tui_gen.views")
    assert not {name for name in loaded if name.startswith(("textual", "tui_gen.tui"))}


def test_help_is_shown_without_rich() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED_AFTER_HELP], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.splitlines()[-1] == "False False"


def test_tables_and_progress_load_rich_when_they_are_written_and_not_before() -> None:
    assert not packages_loaded_by("tui_gen.views.text") & {"rich"}


def test_what_is_started_for_every_film_loads_nothing_that_only_its_parent_needs() -> None:
    children = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "tui_gen").rglob("*_child.py")
    ]
    assert len(children) >= 5
    heavy = {"asyncio", "importlib.metadata", "psutil", "pydantic", "cv2", "tui_gen.contract"}
    assert not modules_loaded_by(*children) & heavy
