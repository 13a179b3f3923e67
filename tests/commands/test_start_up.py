"""Commands that only read or steer a run start without the libraries that read films and draw screens."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "cv2", "av", "textual", "guessit")
SCRIPT = """
import sys
from tui_gen.cli.main import main
code = main(sys.argv[1:])
print([name for name in {heavy!r} if name in sys.modules], code, file=sys.stderr)
"""
CONFIG = {
    "base_settings": {"output_base_dir": "out"},
    "category_paths": {"general": "General"},
    "videos": [{"name": "A", "path": "a.mkv", "categories": {"general": 1.0}}],
}


@pytest.mark.parametrize(
    "arguments", [("ctl", "-c", "{}", "status"), ("monitor", "{}", "--once"), ("top", "--once")], ids=" ".join
)
def test_no_heavy_library_is_imported(arguments: tuple[str, ...], tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(CONFIG))
    words = [str(config) if word == "{}" else word for word in arguments]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(heavy=HEAVY), *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.stderr.splitlines()[-1].startswith("[] "), done.stderr
