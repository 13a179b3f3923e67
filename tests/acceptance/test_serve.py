"""The screen in a browser: a real engine, a real server, pages that open, steer or only show, and close."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pyte
import pytest

from tests.acceptance import chromium, test_review
from tests.acceptance.conftest import Films, write_config
from tests.acceptance.program import Dataset, Running, command, entry, load, run_inside, still_alive
from tests.jobs.anime.review.classified import Dataset as Groups
from tests.jobs.anime.review.classified import files_of
from tui_gen.commands.attached import READ_ONLY
from tui_gen.commands.serve.access import WRONG_TOKEN
from tui_gen.engine.storage.lock import is_held

aiohttp = pytest.importorskip("aiohttp", reason="the extra web is not installed")
pytest.importorskip("textual_serve", reason="the extra web is not installed")
pytestmark = pytest.mark.timeout(60)

GONE_SECONDS = 8.0
SIZE = (120, 36)


@pytest.fixture(scope="module")
def data(films: Films, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    """Yield the configuration of an engine that is at work, paused."""
    folder = tmp_path_factory.mktemp("served")
    videos = [entry(path, path.stem, {"general": 1.0}) for path in (films.alpha, films.gamma)]
    made = write_config(folder, videos, name="one", targets={}, base_frame_limit=1000, max_workers=1)
    with made.start("--workers", "1") as engine:
        engine.wait_until(lambda: run_inside("ctl", "-c", made.config, "pause").code == 0, "it can be paused")
        wait_for(lambda: phase(made) == "paused", "paused")
        yield made
        assert engine.process.poll() is None, "the engine has ended"


def phase(data: Dataset) -> object:
    return data.status()["state"] if (data.output / ".generator_status.json").exists() else None


def wait_for(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20.0 * load()
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


class Served(Running):
    """A server, and the address that it printed."""

    def __init__(self, config: Path, *flags: str, env: Mapping[str, str] | None = None) -> None:
        """Start it on a free port."""
        super().__init__(command("serve", "--port", "0", *flags, config), env=env)
        said = self.read_until("Ctrl-C")
        found = re.search(r"http://\S+", said)
        assert found is not None, said
        self.address, self.said = found[0], said

    @property
    def root(self) -> str:
        """The address without the token."""
        return self.address.partition("?")[0]

    @property
    def pages(self) -> list[psutil.Process]:
        """The processes of the pages that are open."""
        return self.descendants()

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.end(20.0 * load()).code


class Page:
    """A page without a browser: what the websocket draws, on a screen."""

    def __init__(self, socket: Any) -> None:  # noqa: ANN401 - aiohttp's
        """Read nothing yet."""
        self._socket = socket
        self._screen = pyte.Screen(*SIZE)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def text(self) -> str:
        """All that is shown."""
        return "\n".join(self._screen.display)

    async def press(self, keys: str) -> None:
        """Press keys."""
        await self._socket.send_str(json.dumps(["stdin", keys]))

    async def shows(self, text: str) -> None:
        """Read until a text is shown, which may go on in the next line."""
        await self.until(lambda: text in "".join(self._screen.display))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Read until something holds of what is shown."""
        with suppress(TimeoutError, TypeError):  # TypeError: the page was closed
            async with asyncio.timeout(20.0 * load()):
                while not holds():
                    self._stream.feed(await self._socket.receive_bytes())
        assert holds(), self.text


@asynccontextmanager
async def opened(root: str, place: str = "ws") -> AsyncIterator[Page]:
    url = f"{root}{place}?width={SIZE[0]}&height={SIZE[1]}"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        yield Page(socket)


async def test_a_page_shows_the_run_and_no_key_steers_it(data: Dataset) -> None:
    with Served(data.config) as server:
        assert "read-only" in server.said
        async with opened(server.root) as page:
            await page.shows("PAUSED")
            pages = server.pages
            assert len(pages) == 1
            for key in (" ", "+", "s"):
                await page.press(key)
                await page.shows(READ_ONLY)
            assert phase(data) == "paused"
        assert still_alive(pages, GONE_SECONDS * load()) == [], "the page is closed"

        async with opened(server.root) as page:
            await page.shows("PAUSED")
            pages = server.pages
            server.process.kill()
            assert still_alive(pages, GONE_SECONDS * load()) == [], "the server is killed"
    assert phase(data) == "paused"


async def status_of(url: str, **headers: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        if answer.status == 403 and "Origin" not in headers:
            assert WRONG_TOKEN in await answer.text()
        return int(answer.status)


async def test_without_the_token_nothing_is_shown(data: Dataset) -> None:
    with Served(data.config, "--host", "0.0.0.0", "--steer") as server:  # noqa: S104 - it is what the token is for
        token = server.address.partition("?token=")[2]
        root = re.sub(r"//[^:/]+", "//127.0.0.1", server.root)
        assert len(token) >= 24
        for place in ("", "static/js/textual.js", "ws", "favicon.ico", "static/none"):
            for wrong in ("", "?token=", f"?token={token[:-1]}", f"?token={token}x"):
                assert await status_of(f"{root}{place}{wrong}") == 403, (place, wrong)
            assert await status_of(root + place, Authorization=f"Bearer x{token}") == 403
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with opened(root, f"ws/x{token}"):
                pass
        assert server.pages == []
        assert await status_of(f"{root}?token={token}") == 200
        assert await status_of(root, Authorization=f"Bearer {token}") == 200
        assert await status_of(f"{root}static/css/xterm.css?token={token}") == 200
        assert await status_of(f"{root}ws/{token}", Origin="http://elsewhere") == 403


@pytest.mark.soak
@pytest.mark.skipif(chromium.PROGRAM is None, reason="chromium is not installed")
async def test_a_key_in_a_browser_steers_and_nothing_is_left(data: Dataset, tmp_path: Path) -> None:
    with Served(data.config, "--steer", "--token", "0123456789abcdef") as server:
        async with chromium.browser(tmp_path / "browser") as tab:
            await tab.open(server.address)
            drawn = "document.body.classList.contains('-first-byte')"
            await becomes(tab, drawn)
            pages = server.pages
            assert len(pages) == 1
            await becomes(tab, "document.activeElement.className == 'xterm-helper-textarea'")
            await press_until(tab, data, "running")
            await press_until(tab, data, "paused")

            assert await tab.value("document.fonts.check(\"16px 'Roboto Mono'\")") is True
            assert (await tab.picture()).startswith(b"\x89PNG")
            assert len(tab.addresses) >= 5
            own = (server.root, server.root.replace("http", "ws"), "data:")
            assert [each for each in tab.addresses if not each.startswith(own)] == []

            assert await asyncio.to_thread(server.interrupt) == 130
            assert still_alive(pages, GONE_SECONDS * load()) == [], "the server has ended"
            await becomes(tab, "document.body.classList.contains('-closed')")
    assert is_held(data.output / ".tui-gen" / "lock"), "the engine is at work"


grouped = test_review.grouped


async def test_a_review_has_the_dataset_for_itself_until_its_page_is_closed(
    grouped: Callable[[], dict[str, str]], tmp_path: Path
) -> None:
    data = Groups(tmp_path / "out")
    data.add("Anna", "a1", "a2")
    lock = data.output / ".tui-gen" / "lock"
    with Served(tmp_path / "c.json", "--review", "--steer", env=grouped()) as server:
        async with opened(server.root) as page:
            await page.shows("1 group")
            assert is_held(lock)
            async with opened(server.root) as other:
                await other.shows("another review is open")
            await page.press("r")
            await page.until(lambda: "help" not in page.text.rstrip().splitlines()[-1])  # the field
            await page.press("Clara\r")
            await page.shows('"Clara"')
            pages = server.pages
        assert still_alive(pages, GONE_SECONDS * load()) == []
        assert not is_held(lock)
    assert "a1.png" in files_of(data.classified / "Clara")


async def press_until(tab: chromium.Tab, data: Dataset, wanted: str) -> None:
    """Press space until the engine is in a phase: a page obeys when it has heard of the engine."""
    deadline = time.monotonic() + 20.0 * load()
    while phase(data) != wanted:
        assert time.monotonic() < deadline, f"not {wanted}"
        before, pressed_at = phase(data), time.monotonic()
        await tab.press(" ")
        while phase(data) == before and time.monotonic() < pressed_at + 3.0:
            await asyncio.sleep(0.02)


async def becomes(tab: chromium.Tab, expression: str) -> None:
    """Wait until an expression of a page is true."""
    deadline = time.monotonic() + 20.0 * load()
    while await tab.value(expression) is not True:
        assert time.monotonic() < deadline, (expression, tab.addresses)
        await asyncio.sleep(0.05)
