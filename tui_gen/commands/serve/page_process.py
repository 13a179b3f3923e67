"""The process of one page: runs the screen, and is gone when the page is closed."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from tui_gen.base.formatting import display_name

READY = b"__GANGLION__\n"
"""What Textual's driver for pages writes first."""
END_SECONDS = 5.0
REVIEW_END_SECONDS = 30.0
"""A change of a review that has begun gets this time to end."""
MOST_CELLS = 500
"""The largest width and height of a page: memory grows with their product."""
_KEPT_BYTES = 8192
_LEAVE_SCREEN = "\x1b[?1049l\x1b[?25h\r\n"


class PageProcess(AppService):
    """A process that is started without a shell, in a session of its own, and never outlives its page."""

    def __init__(self, arguments: Sequence[str], socket: web.WebSocketResponse, end_seconds: float) -> None:
        """Prepare a page on a websocket; the process gets `end_seconds` to end when asked."""

        async def close() -> None:
            await socket.close()

        super().__init__(
            shlex.join(arguments),
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=close,
            download_manager=DownloadManager(),
        )
        self._arguments, self._end_seconds = arguments, end_seconds
        self._stopping = asyncio.Lock()
        self._said = b""

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment = super()._build_environment(_within(width), _within(height))
        for name in ("TEXTUAL_DRIVER", "TEXTUAL_FPS"):  # the screen has a driver of its own for pages
            del environment[name]
        return environment

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        self._process = process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height),
            start_new_session=True,  # Ctrl-C reaches the server alone, which ends the pages in order
        )
        self._stdin = process.stdin
        return process

    async def set_terminal_size(self, width: int, height: int) -> None:
        """Pass a new size on, within bounds."""
        await super().set_terminal_size(_within(width), _within(height))

    async def run(self) -> None:
        """Pass on what the process writes, until it ends. A page that is gone holds up nothing."""
        process = self._process
        if process is None or process.stdout is None or process.stderr is None:
            message = "run is called by start alone"
            raise RuntimeError(message)
        errors = asyncio.create_task(self._keep(process.stderr))
        await self._pass_on(process.stdout)
        await errors
        with contextlib.suppress(ConnectionError, RuntimeError):
            await self._tell_why()
            await self.remote_close()

    async def _pass_on(self, stdout: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            await stdout.readuntil(READY)
            is_read = True
            while True:
                kind = await stdout.readexactly(1)
                payload = await stdout.readexactly(int.from_bytes(await stdout.readexactly(4), "big"))
                if kind != b"D" or not is_read:  # the only other packet says that the process ends
                    continue
                try:
                    await self.on_data(payload)
                except (ConnectionError, RuntimeError):
                    is_read = False  # a full pipe would keep the process from ending

    async def _keep(self, stderr: asyncio.StreamReader) -> None:
        while data := await stderr.read(_KEPT_BYTES):
            self._said = (self._said + data)[-_KEPT_BYTES:]

    async def _tell_why(self) -> None:
        """Show on the page, and to whoever runs the server, what the process said on its standard error."""
        lines = [display_name(line) for line in self._said.decode("utf-8", "replace").splitlines()]
        if not lines:
            return
        sys.stderr.writelines(f"{line}\n" for line in lines)
        await self.remote_write_bytes((_LEAVE_SCREEN + "\r\n".join(lines)).encode("utf-8", "replace"))

    async def stop(self) -> None:
        """End the process, at once if it does not end in time."""
        async with self._stopping:
            process, self._process = self._process, None
            if process is None:
                return
            try:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._end_seconds):
                        await self.send_meta({"type": "quit"})
                        self.stdin.close()
                        await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
            await process.wait()
            if self._task is not None:
                await self._task


def _within(cells: int) -> int:
    return max(1, min(MOST_CELLS, int(cells)))
