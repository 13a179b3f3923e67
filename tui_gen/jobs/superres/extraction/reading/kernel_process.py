"""The process that applies the kernel to the frames of single clips: one for all clips of a stretch.

    socket ── a pipe to read, a pipe to write ──> converter_child.py ── "." when all frames have passed ──> us

Loading numba takes about as long as a clip, so the process waits for the next clip. It is started when it is
first needed, and again after it has ended.

Guards: after `end` the process has ended and its descriptors are closed. Every clip has pipes of its own, so
that what is left of one that failed never reaches the next.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from typing import NoReturn

from tui_gen.base.errors import OutOfMemoryError
from tui_gen.base.uncancelled import uncancelled
from tui_gen.jobs.superres.extraction.rendering import tone_mapping
from tui_gen.jobs.superres.units import Stretch
from tui_gen.media.tone_mapping.converter import converter_arguments
from tui_gen.processes.children import (
    TICK_SECONDS,
    Child,
    ChildError,
    Command,
    StallLimits,
    start_child,
)
from tui_gen.processes.closing import REAP_SECONDS, close_in_thread, last_lines, reap


class KernelProcess:
    """The converter of one stretch."""

    def __init__(self, stretch: Stretch, limits: StallLimits) -> None:
        """Start nothing yet. `mapping` is None if ffmpeg's filters convert the film."""
        self.mapping = tone_mapping(stretch.probe, stretch.settings, peak=stretch.peak)
        self._size = stretch.probe.even_upright
        self._niceness = stretch.settings.nice
        self.limits = limits
        self._child: Child | None = None
        self._socket: socket.socket | None = None

    def convert(self, source: int, target: int) -> None:
        """Have the frames of a pipe converted into another; the caller closes its ends.

        Raises ChildError, and ObstructedError if no process can be started now.
        """
        if self._child is not None and self._child.process.poll() is not None:
            self._close()  # it ended between two clips
        if self._socket is None:
            self._start()
        if self._socket is not None:
            try:
                socket.send_fds(self._socket, [b"."], [source, target])
            except OSError:
                self._raise_ended()

    async def finish(self) -> None:
        """Wait until all frames of the pipe are converted. Raises ChildError if they are not."""
        if self._socket is None:
            return
        loop = asyncio.get_running_loop()
        try:
            answer = await asyncio.wait_for(loop.sock_recv(self._socket, 1), self.limits.next_seconds)
        except TimeoutError as error:
            reason = f"the tone-mapping kernel gave nothing for {self.limits.next_seconds:g} s"
            raise ChildError(reason) from error
        except ConnectionError:
            answer = b""
        if not answer:
            self._raise_ended()

    async def end(self) -> None:
        """Kill and reap the process, even if the task is cancelled."""
        if self._child is not None:
            await uncancelled(close_in_thread(self._close))

    def _start(self) -> None:
        mapping = self.mapping
        if mapping is None:
            message = "ffmpeg's filters convert this film"
            raise ValueError(message)
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._child = start_child(
                    Command(
                        program=sys.executable,
                        arguments=lambda _: converter_arguments([mapping], self._size, theirs.fileno()),
                        limits=self.limits,
                        niceness=self._niceness,
                        inherits=[theirs.fileno()],
                    )
                )
            except BaseException:
                ours.close()
                raise
        ours.settimeout(0.0)  # it is read by the event loop
        self._socket = ours

    def _raise_ended(self) -> NoReturn:
        """Raise ChildError about a process that has closed its socket, with its last lines.

        Raises OutOfMemoryError if the kernel of the system ended it because memory ran out.
        """
        child = self._child
        reason, tail = "the tone-mapping kernel ended", ""
        if child is not None:
            try:
                status = child.process.wait(TICK_SECONDS)
            except subprocess.TimeoutExpired:
                status = 0
            if child.was_ended_for_memory(status):
                message = "memory ran out: the system ended the tone-mapping kernel"
                raise OutOfMemoryError(message)
            if status < 0:
                reason = f"the tone-mapping kernel was killed by {signal.Signals(-status).name}"
            tail = "\n".join(last_lines(child))
        raise ChildError(reason, tail)

    def _close(self) -> None:
        child, ours, self._child, self._socket = self._child, self._socket, None, None
        if ours is not None:
            ours.close()
        if child is not None:
            child.count()
            child.kill()
            reap(child, REAP_SECONDS)
            child.close()
