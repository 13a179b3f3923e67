"""The web server: shows a page to whoever may see it, and runs a process for each page.

Invariants: it answers no request before the access rules have passed it, its pages load nothing from another
machine, and no process of a page outlives the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import secrets
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from aiohttp import web
from textual_serve.server import Server, to_int

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.commands.serve.access import AccessRules, Asked, is_same, tokens_in
from tui_gen.commands.serve.page_process import PageProcess

MOST_PAGES = 32
"""Each page is a process of about 90 MB."""
HEARTBEAT_SECONDS = 15.0
"""A browser that does not answer for this time is gone."""
_SHUTDOWN_SECONDS = 2.0
_PAGE = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
_FONT_PIXELS = 16
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class ServedPages:
    """What is served, where, and to whom."""

    title: str
    page_command: Sequence[str]
    host: str
    port: int  # 0 takes a free one
    rules: AccessRules
    end_seconds: float  # that a page's process gets to end


class PageServer(Server):
    """Textual's server with access rules, a page that loads nothing from outside, and children that end."""

    def __init__(self, pages: ServedPages) -> None:
        """Prepare a server; nothing is opened yet."""
        super().__init__(shlex.join(pages.page_command), host=pages.host, port=pages.port, title=pages.title)
        self._served = pages
        self._pages: set[PageProcess] = set()
        self._is_closing = False

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._guarded])
        app.add_routes(
            [
                web.get("/", self.handle_index),
                web.get("/ws", self.handle_websocket),
                web.get("/ws/{token}", self.handle_websocket),
                web.static("/static", self.statics_path),
            ]
        )
        app.on_response_prepare.append(_add_headers)
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        headers = request.headers
        given = tokens_in(
            headers.get("Authorization", ""),
            (request.query.get("token"), request.match_info.get("token"), headers.get("X-Tui-Gen-Token")),
        )
        asked = Asked(headers.get("Host", ""), headers.get("Origin"), given)
        refusal = self._served.rules.refusal(asked)
        if refusal is not None:
            return web.Response(status=403, text=f"{refusal}\n")
        return await handler(request)

    async def handle_index(self, request: web.Request) -> web.Response:
        """Return the page. Its addresses are relative, and carry the token of its own address."""
        right, given = self._served.rules.token, request.query.get("token", "")
        token = given if right is not None and is_same(right, given) else ""
        nonce = secrets.token_urlsafe(16)
        text = _PAGE.substitute(
            title=html.escape(self.title),
            query=f"?token={token}" if token else "",
            websocket=f"ws/{token}" if token else "ws",
            font_size=max(4, min(100, to_int(request.query.get("fontsize", ""), _FONT_PIXELS))),
            nonce=nonce,
        )
        return web.Response(
            text=text,
            content_type="text/html",
            headers={"Cache-Control": "no-store", "Content-Security-Policy": _policy(nonce)},
        )

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run a page's process for as long as the page is open."""
        if self._is_closing or len(self._pages) >= MOST_PAGES:
            raise web.HTTPServiceUnavailable(text=f"at most {MOST_PAGES} pages are open at once\n")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS)
        page = PageProcess(self._served.page_command, socket, self._served.end_seconds)
        self._pages.add(page)
        try:
            await socket.prepare(request)
            width, height = (to_int(request.query.get(name, ""), usual) for name, usual in _USUAL_SIZE)
            await page.start(width, height)
            await self._process_messages(socket, page)
        except (ValueError, TypeError, LookupError, AssertionError):
            sys.stderr.write("a page sent something that is no message of a page, and was closed\n")
        except OSError as error:
            sys.stderr.write(f"a page could not be shown: {display_name(str(error))}\n")
        finally:
            await page.stop()
            self._pages.discard(page)
            with contextlib.suppress(ConnectionError, RuntimeError):
                await socket.close()
        return socket

    async def close_pages(self) -> None:
        """End all pages, and let no new one begin."""
        self._is_closing = True
        await asyncio.gather(*(page.stop() for page in tuple(self._pages)))


_USUAL_SIZE = (("width", 80), ("height", 24))


def _policy(nonce: str = "") -> str:
    """Return what a browser may load: from this server alone, and one script in the page itself."""
    script = f" 'nonce-{nonce}'" if nonce else ""
    return (
        f"default-src 'none'; script-src 'self'{script}; style-src 'self' 'unsafe-inline'; "
        "font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Forbid the browser to load anything from another machine, and to show the page inside another."""
    response.headers.setdefault("Content-Security-Policy", _policy())
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"


def run_server(pages: ServedPages, on_open: Callable[[int], None]) -> int:
    """Serve until a signal comes; return the exit code. `on_open` gets the port. Raises RefusedError."""
    return asyncio.run(_serve(PageServer(pages), pages, on_open))


async def _serve(server: PageServer, pages: ServedPages, on_open: Callable[[int], None]) -> int:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def end(number: int) -> None:
        if not ended.done():
            ended.set_result(128 + number)

    for number in _ENDING_SIGNALS:
        loop.add_signal_handler(number, end, number)
    runner = web.AppRunner(
        await server._make_app(),  # noqa: SLF001 - Textual's name for it
        access_log=None,
        shutdown_timeout=_SHUTDOWN_SECONDS,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, pages.host, pages.port)
        try:
            await site.start()
        except OSError as error:
            place = f"{pages.host} port {pages.port}"
            message = f"{place}: cannot be opened ({error.strerror}); choose another: --port N"
            raise RefusedError(message) from error
        on_open(int(runner.addresses[0][1]))
        return await ended
    finally:
        await server.close_pages()
        await runner.cleanup()
