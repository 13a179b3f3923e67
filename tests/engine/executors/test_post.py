"""The actor and its link, without dask between them: numbers, lease, beat, takeover and silence."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tui_gen.engine.executors import messages as say
from tui_gen.engine.executors import post as posts
from tui_gen.engine.executors import post_link
from tui_gen.engine.executors.post import Heard, Post
from tui_gen.engine.executors.post_link import PostLink
from tui_gen.engine.executors.sent_files import LOCK_NAME, PREFIX, StagingFolder


@pytest.fixture(autouse=True)
async def _no_runner_is_left(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(Post, "holder", None)
    monkeypatch.setattr(Post, "starting", None)
    yield
    assert psutil.Process().children(recursive=True) == []


async def started(owner: str = "host:/out") -> Post:
    post = Post(owner)
    assert await post.start(takes_over=True) == ""
    return post


def look(number: int, path: str = "/") -> bytes:
    return say.line_of(say.Look(number, path))


async def stands(post: Post, after: int, count: int) -> list[say.Answer]:
    """Hear until so many answers to looks have come."""
    found: list[say.Answer] = []
    while len(found) < count:
        first, lines, _ = await post.hear(after, 1, [])
        assert first == after + 1
        after += len(lines)
        found += [answer for line in lines if isinstance(answer := say.answer_of(line), say.Stands)]
    return found


async def ended(post: Post, after: int = 0) -> str:
    while True:
        _, lines, how = await post.hear(after, 1, [])
        after += len(lines)
        if how is not None:
            return how


# ---------------------------------------------------------------------------- numbers


async def test_a_repeated_request_is_passed_on_once() -> None:
    post = await started()
    for _ in range(3):
        await post.say(1, [look(1), look(2)])
    await post.say(2, [look(2), look(3)])
    assert await stands(post, 0, 3) == [say.Stands(number, is_there=True) for number in (1, 2, 3)]
    await post.end()


async def test_a_request_that_overtakes_another_is_passed_on_after_it() -> None:
    post = await started()
    await post.say(2, [look(2, "/no such file")])
    await post.say(1, [look(1)])
    answers = await stands(post, 0, 2)
    assert {answer for answer in answers if isinstance(answer, say.Stands)} == {
        say.Stands(1, is_there=True),
        say.Stands(2, is_there=False),
    }
    await post.end()


async def test_lines_are_kept_until_they_are_acknowledged() -> None:
    post = await started()
    lines: list[bytes] = []
    while not lines:
        first, lines, how = await post.hear(0, 1, [])
        assert (first, how) == (1, None)
    assert isinstance(say.answer_of(lines[0]), say.Hello)
    assert (await post.hear(0, 1, []))[1][0] == lines[0]
    assert (await post.hear(1, 1, [look(1)]))[0] == 2
    await post.end()


async def test_how_a_unit_runner_ended_comes_after_its_last_line() -> None:
    post = await started()
    await post.end()
    first, lines, how = await post.hear(0, 1, [])
    assert how is not None
    assert "ended with 0" in how
    assert first + len(lines) >= 1


# ---------------------------------------------------------------------------- who holds it


async def test_a_unit_runner_of_another_run_stays() -> None:
    first, other = await started("host:/out"), Post("host:/other")
    assert await other.start(takes_over=True) == "host:/out"
    assert await Post("host:/out").start(takes_over=False) == "host:/out"
    assert await other.end() == "it was not started"
    await first.end()
    assert await other.start(takes_over=True) == ""
    await other.end()


async def test_a_unit_runner_of_this_run_is_ended_first() -> None:
    first = await started()
    second = await started()
    assert "ended with 0" in await ended(first)
    await second.end()


async def test_nobody_hears_and_the_unit_runner_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posts, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(posts, "LEASE_SECONDS", 0.1)
    post = await started()
    while psutil.Process().children():
        await asyncio.sleep(0.02)
    assert "the engine was not heard" in await ended(post)


async def test_a_unit_runner_that_says_nothing_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    post = await started()
    while not (await post.hear(0, 1, []))[1]:
        """Its first line has not come yet."""
    monkeypatch.setattr(posts, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(posts, "BEAT_SECONDS", 0.2)
    monkeypatch.setattr(posts, "LEASE_SECONDS", 1000.0)
    [runner] = psutil.Process().children()
    os.kill(runner.pid, signal.SIGSTOP)
    assert "was killed by SIGKILL" in await ended(post)


async def test_the_staging_folder_of_a_killed_unit_runner_is_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    post = await started()
    in_use, left = StagingFolder(), tmp_path / f"{PREFIX}of-a-killed-process"
    (left / "output").mkdir(parents=True)
    (left / LOCK_NAME).touch()
    await post.kill()
    assert "was killed by SIGKILL" in await ended(post)
    assert sorted(tmp_path.iterdir()) == [Path(in_use.path).parent]
    in_use.remove()


# ---------------------------------------------------------------------------- the link


async def test_a_link_carries_requests_and_answers() -> None:
    released: list[bool] = []
    link = PostLink(await started(), lambda: released.append(True))
    assert isinstance(await link.hear(), say.Hello)
    for number in range(1, 4):
        link.say(say.Look(number, "/"))
    answers: list[say.Answer] = []
    while len(answers) < 3:
        answer = await link.hear()
        answers += [answer] if isinstance(answer, say.Stands) else []
    assert "ended with 0" in await link.end()
    assert await link.hear() is None
    assert (link.loss, released) == ("died", [True])


async def test_a_request_is_sent_while_the_link_waits_for_answers() -> None:
    link = PostLink(await started(), lambda: None)
    assert isinstance(await link.hear(), say.Hello)
    hearing = asyncio.create_task(link.hear())
    await asyncio.sleep(0.1)
    link.say(say.Look(1, "/"))
    async with asyncio.timeout(0.8):
        assert await hearing == say.Stands(1, is_there=True)
    await link.end()


class Unanswered:
    """A post to which the way is cut: every call fails, or never ends."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    async def _fail(self, *_: object) -> Any:  # noqa: ANN401 - there is no answer
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()

    def say(self, number: int, lines: list[bytes]) -> Awaitable[None]:
        return self._fail(number, lines)

    def hear(self, after: int, number: int, lines: list[bytes]) -> Awaitable[Heard]:
        return self._fail(after, number, lines)

    def kill(self) -> Awaitable[None]:
        return self._fail()

    def end(self) -> Awaitable[str]:
        return self._fail()


async def test_a_post_that_never_answers_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post_link, "TICK_SECONDS", 0.02)
    link = PostLink(Unanswered(None), lambda: None)
    assert await link.hear() is None
    assert link.loss == "silent"
    assert await link.end() == "no answer for 0 s"


async def test_a_post_whose_machine_is_gone_is_no_death() -> None:
    link = PostLink(Unanswered(OSError("Unable to contact Actor's worker")), lambda: None)
    assert await link.hear() is None
    assert link.loss == "gone"
    link.kill()
    assert "Unable to contact" in await link.end()
