"""A headless Chromium, steered through its remote debugging protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.acceptance.program import load

PROGRAM = shutil.which("chromium")
START_SECONDS = 30.0
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--remote-debugging-port=0", "--window-size=1200,800",
)  # fmt: skip


class Tab:
    """One page in the browser, and the addresses it has asked for."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Use a connection to the browser."""
        self._socket, self._session, self._number = socket, "", 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.target = ""
        self.addresses: list[str] = []

    async def listen(self) -> None:
        """Take what the browser says, until it ends."""
        async for message in self._socket:
            said = json.loads(message.data)
            if said.get("method") == "Network.requestWillBeSent":
                self.addresses.append(said["params"]["request"]["url"])
            elif said.get("method") == "Network.webSocketCreated":
                self.addresses.append(said["params"]["url"])
            answer = self._answers.pop(said.get("id", 0), None)
            if answer is not None:
                answer.set_result(said)

    async def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        """Call a method of the protocol."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        asked = {"id": self._number, "method": method, "params": parameters}
        await self._socket.send_json({**asked, "sessionId": self._session} if self._session else asked)
        said = await asyncio.wait_for(answer, START_SECONDS * load())
        assert "error" not in said, said
        result: dict[str, Any] = said["result"]
        return result

    async def open(self, address: str) -> None:
        """Go to a page in a tab of its own."""
        self.target = (await self.ask("Target.createTarget", url="about:blank"))["targetId"]
        attached = await self.ask("Target.attachToTarget", targetId=self.target, flatten=True)
        self._session = attached["sessionId"]
        await self.ask("Network.enable")
        await self.ask("Page.enable")
        await self.ask("Page.navigate", url=address)

    async def value(self, expression: str) -> object:
        """Return the value of an expression of the page."""
        return (await self.ask("Runtime.evaluate", expression=expression))["result"].get("value")

    async def press(self, key: str) -> None:
        """Press a key that types a character."""
        for kind in ("keyDown", "keyUp"):
            text = {"text": key} if kind == "keyDown" else {}
            code = {"windowsVirtualKeyCode": ord(key.upper())}
            await self.ask("Input.dispatchKeyEvent", type=kind, key=key, **text, **code)

    async def picture(self) -> bytes:
        """Return the page as a PNG."""
        return base64.b64decode((await self.ask("Page.captureScreenshot"))["data"])


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Tab]:
    """Start a browser that keeps its files in a folder; it is gone afterwards."""
    process = subprocess.Popen(
        [str(PROGRAM), *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        port, path = await _address(folder / "DevToolsActivePort")
        url = f"ws://127.0.0.1:{port}{path}"
        async with aiohttp.ClientSession() as session, session.ws_connect(url, max_msg_size=0) as socket:
            tab = Tab(socket)
            listening = asyncio.create_task(tab.listen())
            yield tab
            listening.cancel()
    finally:
        process.terminate()
        process.wait(20)


async def _address(file: Path) -> tuple[str, str]:
    deadline = time.monotonic() + START_SECONDS * load()
    while not file.exists() or len(file.read_text(encoding="ascii").splitlines()) < 2:
        assert time.monotonic() < deadline, "the browser does not start"
        await asyncio.sleep(0.02)
    port, path = file.read_text(encoding="ascii").splitlines()
    return port, path
