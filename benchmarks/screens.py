"""Draws the pictures of the screen in docs/pictures, from an invented run, with the app's own export.

    PYTHONPATH=. python benchmarks/screens.py

To be run after a change of the screen. The pictures hold no script and refer to nothing.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from pathlib import Path

from tests.tui.runs import screen_of, troubled_run, with_history, working_run

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
SIZE = (120, 36)
# Rich's pictures name a font on another machine; without it they are drawn in the reader's own.
FONT_FACES = re.compile(r"@font-face\s*\{[^}]*\}\s*")

DRAWN = {
    "screen.svg": (working_run, ()),
    "videos.svg": (troubled_run, ("3", "z")),
    "history.svg": (working_run, ("h", "h")),
    "leaving.svg": (working_run, ("q",)),
}


async def draw(name: str) -> str:
    make, keys = DRAWN[name]
    app = screen_of(with_history(make()))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        if keys:
            await pilot.press(*keys)
        await pilot.pause()
        await pilot.pause()
        drawn = app.export_screenshot(title="tui-gen")
    return FONT_FACES.sub("", drawn)


def main() -> None:
    os.environ["TZ"] = "UTC"
    time.tzset()
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name in DRAWN:
        path = PICTURES / name
        path.write_text(asyncio.run(draw(name)), encoding="utf-8")
        print(f"{path}  {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
