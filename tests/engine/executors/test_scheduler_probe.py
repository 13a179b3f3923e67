"""The probe tells a dask server from what else may listen at an address, and says what it found."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.certificates import authority, signed
from tests.cluster.harness import free_port
from tui_gen.base.errors import RefusedError
from tui_gen.config.cluster_address import Address
from tui_gen.config.cluster_settings import TlsFiles
from tui_gen.engine.executors import scheduler_probe
from tui_gen.engine.executors.scheduler_probe import SchedulerError, probe, tls_context

GREETING = b"\x84\xabcompression\xc0\xafpickle-protocol\x05"
"""The begin of what a dask server says of itself; the other keys do not matter."""


@contextlib.asynccontextmanager
async def server(said: bytes | None, context: ssl.SSLContext | None = None) -> AsyncIterator[Address]:
    """Answer each connection with some bytes and wait; None closes it."""
    answering = set[asyncio.Task[None]]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        answering.add(task)
        try:
            if said is not None:
                writer.write(said)
                await reader.read()
        except OSError:  # the probe has closed the connection
            return
        finally:
            writer.transport.abort()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        yield Address("tcp" if context is None else "tls", "127.0.0.1", port)
        await asyncio.wait_for(asyncio.gather(*answering), 10)
        await asyncio.sleep(0)  # closed transports are let go by the loop


def framed(message: bytes) -> bytes:
    return struct.pack("<Q", len(message)) + message


async def refusal(address: Address, tls: TlsFiles | None = None) -> str:
    with pytest.raises(SchedulerError) as refused:
        await probe(address, tls)
    return str(refused.value).replace(f"{address.host}:{address.port}", "PLACE")


async def test_a_dask_server_is_known_by_its_greeting() -> None:
    async with server(framed(GREETING)) as address:
        assert await probe(address, None) == "127.0.0.1"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", 'PLACE is no dask scheduler: it says "SSH-2.0-OpenSSH_9.2"'),
        (b"hi", 'PLACE is no dask scheduler: it says "hi"'),
        (framed(b"something else"), 'PLACE is no dask scheduler: it says "'),
        (struct.pack("<Q", 1 << 40), 'PLACE is no dask scheduler: it says "'),
        (None, "PLACE closes the connection: it is no dask scheduler, or one that expects tls://"),
    ],
)
async def test_another_server_is_told_by_what_it_says(
    said: bytes | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler_probe, "ANSWER_SECONDS", 1.0)  # "hi" is no whole greeting
    async with server(said) as address:
        if said == b"hi":
            assert "PLACE says nothing" in await refusal(address)
        else:
            assert (await refusal(address)).startswith(words)


async def test_a_silent_server_is_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler_probe, "ANSWER_SECONDS", 0.2)
    async with server(b"") as address:
        assert await refusal(address) == (
            "PLACE says nothing: it is no dask scheduler, or one that expects tls://"
        )


async def test_nothing_listens() -> None:
    address = Address("tcp", "127.0.0.1", free_port())
    assert await refusal(address) == "nothing listens at PLACE: is the scheduler running?"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "PLACE does not answer: is the machine on"),
        (
            socket.gaierror(-2, "Name or service not known"),
            "there is no machine with the name 127.0.0.1 (Name",
        ),
        (OSError(113, "No route to host"), "PLACE cannot be reached: No route to host"),
        (OSError("odd"), "PLACE cannot be reached: odd"),
    ],
)
async def test_a_connection_that_fails_is_told(
    error: OSError, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(asyncio, "open_connection", fail)
    assert (await refusal(Address("tcp", "127.0.0.1", 1))).startswith(words)


# ------------------------------------------------------------------------------------------- TLS


def server_context(tls: TlsFiles) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tls.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(tls.cert, tls.key)
    return context


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return signed(authority(tmp_path_factory.mktemp("ours")), "engine")


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return signed(authority(tmp_path_factory.mktemp("strange"), "stranger"), "stranger-box")


async def test_both_sides_of_a_tls_connection_show_certificates_of_one_authority(ours: TlsFiles) -> None:
    async with server(framed(GREETING), server_context(ours)) as address:
        await probe(address, ours)


async def test_a_stranger_is_refused_on_either_side(ours: TlsFiles, strange: TlsFiles) -> None:
    async with server(framed(GREETING), server_context(strange)) as address:
        said = await refusal(address, ours)
        assert said.startswith(f"the certificate of PLACE is not one of the authority {ours.ca}: ")
    trusting = replace(strange, ca=ours.ca)  # it knows the server, and the server does not know it
    async with server(framed(GREETING), server_context(ours)) as address:
        said = await refusal(address, trusting)
        assert said.startswith(f"PLACE refuses the certificate {strange.cert}")


async def test_a_server_without_tls_is_told(ours: TlsFiles) -> None:
    async with server(framed(GREETING)) as address:
        said = await refusal(replace(address, scheme="tls"), ours)
        assert said.startswith("PLACE does not answer with TLS (")


async def test_a_server_with_tls_is_told_to_a_plain_client(
    ours: TlsFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler_probe, "ANSWER_SECONDS", 0.5)
    async with server(framed(GREETING), server_context(ours)) as address:
        assert (await refusal(replace(address, scheme="tcp"))).endswith("or one that expects tls://")


Change = Callable[[TlsFiles, Path], TlsFiles]


def _no_ca(tls: TlsFiles, folder: Path) -> TlsFiles:
    return replace(tls, ca=f"{folder}/none.pem")


def _empty_ca(tls: TlsFiles, folder: Path) -> TlsFiles:
    (folder / "empty.pem").write_text("nothing")
    return replace(tls, ca=f"{folder}/empty.pem")


def _key_of_ca(tls: TlsFiles, folder: Path) -> TlsFiles:
    del folder
    return replace(tls, key=str(Path(tls.ca).with_suffix(".key")))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_no_ca, "none.pem: cannot be read (No such file or directory); name a readable file in PEM form"),
        (_empty_ca, "empty.pem: holds no certificate in PEM form; name the certificate of your authority"),
        (_key_of_ca, "not a certificate and its key without a passphrase, in PEM form (key values mismatch)"),
    ],
)
def test_a_file_that_does_not_fit_is_named(
    ours: TlsFiles, tmp_path: Path, change: Change, words: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        tls_context(change(ours, tmp_path))
    assert words in str(refused.value)
