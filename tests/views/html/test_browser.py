"""Both pages as a real browser draws them: on a wide screen and on a telephone's, light and dark."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.superres.dataset.contact_sheet.test_contact_sheet import config
from tui_gen.commands.report import SheetRequest, report, sheet
from tui_gen.contract.job import JobConfig

__all__ = ["config"]

BROWSER = shutil.which("chromium") or shutil.which("chromium-headless-shell") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="no chromium on PATH"),
    pytest.mark.slow,
    pytest.mark.timeout(300),
]
GROUNDS = {"light": (0xF5, 0xF7, 0xF7), "dark": (0x1B, 0x18, 0x16)}  # blue first
SCHEMES = {"dark": "0", "light": "1"}

Picture = NDArray[np.uint8]


@pytest.fixture
def pages(config: JobConfig) -> dict[str, Path]:
    """Write both pages."""
    page_path = config.run.run_folder / "report.html"
    report(config, page_path=page_path, out=io.StringIO(), talk=io.StringIO())
    sheet(config, SheetRequest(None, 5, None), out=io.StringIO(), talk=io.StringIO())
    return {"report": page_path, "sheet": config.run.run_folder / "sheet" / "sheet.html"}


def screenshot(page: Path, folder: Path, *, width: int, scheme: str) -> Picture:
    """Return what the browser shows of a page."""
    target = folder / "shot.png"
    command = [
        *(str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        *(f"--user-data-dir={folder / 'profile'}", f"--window-size={width},1000"),
        *(f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}", f"--screenshot={target}"),
        page.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert target.exists(), done.stderr.decode(errors="replace")
    picture = cv2.imdecode(np.frombuffer(target.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


@pytest.mark.parametrize(
    ("page", "width", "scheme"),
    [
        pytest.param("report", 1280, "light", marks=pytest.mark.soak),
        ("report", 400, "dark"),
        ("sheet", 1280, "dark"),
        pytest.param("sheet", 400, "light", marks=pytest.mark.soak),
    ],
)
def test_a_page_is_drawn(pages: dict[str, Path], tmp_path: Path, page: str, width: int, scheme: str) -> None:
    seen = screenshot(pages[page], tmp_path, width=width, scheme=scheme)
    ground = np.array(GROUNDS[scheme], np.uint8)
    assert seen.shape[1] == width
    assert np.array_equal(seen[2, 2], ground)
    # Nothing runs over the right rim: the page itself never scrolls sideways.
    assert (seen[:, -8:] == ground).all()
    drawn = (np.abs(seen.astype(int) - ground.astype(int)).max(axis=2) > 40).mean()
    assert 0.01 < drawn < 0.9
    if page == "sheet":
        colours = np.unique(seen.reshape(-1, 3) // 16, axis=0)
        assert len(colours) > 500, "the pictures are not shown"
