"""Short films that all acceptance tests share, and configurations small enough for runs of seconds."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import MIXED, TINY, Dataset, Done, entry, environment
from tests.acceptance.tmux import Tmux
from tests.conftest import MadeOnce
from tui_gen.cli.main import main

SDR = ",setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-pix_fmt", "yuv420p", "-g", "12")
DRAWN = {
    "alpha.mkv": "mandelbrot=s=640x360:r=24:start_scale=0.003:end_scale=0.001:end_pts=400"
    ":start_x=-0.7436:start_y=0.1318:maxiter=200,trim=duration=8",
    "beta.mkv": "testsrc2=s=320x180:r=24:d=8,noise=alls=12:allf=t:all_seed=3",
    "gamma.mp4": "mandelbrot=s=480x270:r=25:start_scale=0.02:end_scale=0.004:end_pts=300"
    ":start_x=-0.745:start_y=0.113:maxiter=200,trim=duration=6",
    "delta.mkv": "testsrc2=s=384x216:r=30:d=5,hue=h=40*t,noise=alls=20:allf=t:all_seed=9",
}


@dataclass(frozen=True, slots=True)
class Films:
    """Four short films with motion and grain, and no two frames alike."""

    folder: Path

    @property
    def alpha(self) -> Path:
        """640x360, 8 s."""
        return self.folder / "alpha.mkv"

    @property
    def beta(self) -> Path:
        """320x180, 8 s."""
        return self.folder / "beta.mkv"

    @property
    def gamma(self) -> Path:
        """480x270, 6 s."""
        return self.folder / "gamma.mp4"

    @property
    def delta(self) -> Path:
        """384x216, 5 s."""
        return self.folder / "delta.mkv"


def make_film(ffmpeg: str, graph: str, path: Path, encoder: Sequence[str] = X264) -> None:
    """Draw and encode a film."""
    begin = [ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi", "-i", graph]
    subprocess.run([*begin, *encoder, str(path)], check=True, timeout=100)


@pytest.fixture(scope="session")
def films(made_once: MadeOnce, embedded_ffmpeg: str) -> Films:
    """Made once; nobody changes them."""

    def fill(folder: Path) -> None:
        for name, graph in DRAWN.items():
            make_film(embedded_ffmpeg, graph + SDR, folder / name)

    return Films(made_once("films", fill))


@pytest.fixture
def library(films: Films, tmp_path: Path) -> Films:
    """Return the same films in a folder that a test may move about: links to the same data."""
    folder = tmp_path / "library"
    folder.mkdir()
    for name in DRAWN:
        os.link(films.folder / name, folder / name)
    return Films(folder)


Configure = Callable[..., Dataset]


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """Write configurations into the test's own folder."""

    def write(
        videos: Sequence[dict[str, Any]],
        *,
        name: str = "one",
        targets: dict[str, int] | None = None,
        **base: object,
    ) -> Dataset:
        return write_config(tmp_path, videos, name=name, targets=targets or {}, **base)

    return write


def write_config(
    folder: Path, videos: Sequence[dict[str, Any]], *, name: str, targets: dict[str, int], **base: object
) -> Dataset:
    """Write `<name>.json`, whose output folder is `<name>` beside it."""
    settings = {
        "base_settings": {
            "base_frame_limit": 10,
            "max_workers": 2,
            "output_base_dir": name,
            "min_free_gb": 0.01,
            **base,
        },
        "category_targets": targets,
        "category_paths": {"general": "General", "space": "Space", "toon": "Toon"},
        "format_config": {"general": MIXED, "space": TINY, "toon": TINY},
        "videos": list(videos),
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(settings, indent=1), encoding="utf-8")
    return Dataset(path)


Here = Callable[..., Done]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Call the program in this process: for what it refuses before it starts to work."""
    monkeypatch.delenv("TUI_GEN_FFMPEG", raising=False)
    monkeypatch.setenv("PATH", environment()["PATH"])

    def call(*arguments: str | Path) -> Done:
        began = time.monotonic()
        try:
            code = main(list(map(str, arguments)))
        except SystemExit as ended:  # as argparse does
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Done(code, said.out, said.err, time.monotonic() - began)

    return call


@pytest.fixture(scope="session")
def two_films(films: Films) -> list[dict[str, Any]]:
    """Two films that feed two categories."""
    return [
        entry(films.alpha, "Alpha", {"general": 0.5, "space": 0.5}),
        entry(films.beta, "Beta", {"general": 1.0}),
    ]


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    """Yield a tmux server of the test."""
    server = Tmux(tmp_path / "tmux")
    yield server
    server("kill-server")
