"""Finds out whether a dask scheduler answers at an address, over a plain socket and without dask.

A dask server begins each connection with a message about itself. The probe reads that message and closes
the connection.

Invariant: the text of a SchedulerError is a sentence about the address that a user can act on.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import struct
from contextlib import suppress

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.config.cluster_address import Address
from tui_gen.config.cluster_settings import TlsFiles

DISTRIBUTED = "the package distributed: pip install '.[cluster]'"
"""What an installation without the extra lacks, after "needs"."""
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 10.0
MOST_BYTES = 1 << 16
"""The largest greeting; that of a dask server has some hundred bytes."""
_LENGTH = struct.Struct("<Q")
_GREETING_KEY = b"pickle-protocol"
_SHOWN_BYTES = 40
_MORE_SECONDS = 0.5
_ALERT = "ALERT_"


class SchedulerError(Exception):
    """No dask scheduler can be reached at an address; the text is a sentence without an end."""


def tls_context(tls: TlsFiles) -> ssl.SSLContext:
    """Return the context of a client that has these files. Raises RefusedError naming the faulty file.

    As in dask, the names of hosts are not compared: the authority alone decides.
    """
    for path in (tls.ca, tls.cert, tls.key):
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - a name of any encoding
                os.fstat(file.fileno())
        except OSError as error:
            message = f"{path}: cannot be read ({error.strerror}); name a readable file in PEM form"
            raise RefusedError(message) from error
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=tls.ca)
    except ssl.SSLError as error:
        message = f"{tls.ca}: holds no certificate in PEM form; name the certificate of your authority"
        raise RefusedError(message) from error
    context.check_hostname = False
    try:
        context.load_cert_chain(tls.cert, tls.key, password=_no_passphrase)
    except ssl.SSLError as error:
        message = (
            f"{tls.cert} and {tls.key}: not a certificate and its key without a passphrase, in PEM form "
            f"({_words(error)})"
        )
        raise RefusedError(message) from error
    return context


def _no_passphrase() -> str:
    """Answer with an empty passphrase: otherwise OpenSSL would ask on the terminal."""
    return ""


async def probe(address: Address, tls: TlsFiles | None) -> str:
    """Return this machine's own address on the way to a dask server, if one answers at an address.

    Raises SchedulerError, and RefusedError for `tls`.
    """
    context = tls_context(tls) if address.is_encrypted and tls is not None else None
    place = f"{address.host}:{address.port}"
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(
                address.host, address.port, ssl=context, limit=MOST_BYTES
            )
    except TimeoutError as error:
        message = f"{place} does not answer: is the machine on, and does a firewall let the port through?"
        raise SchedulerError(message) from error
    except OSError as error:
        raise SchedulerError(_unreachable(place, address, error, tls)) from error
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await _read_greeting(place, reader, tls if context is not None else None)
        return str(writer.get_extra_info("sockname")[0])
    except TimeoutError as error:
        message = f"{place} says nothing: it is no dask scheduler, or one that expects tls://"
        raise SchedulerError(message) from error
    except OSError as error:
        raise SchedulerError(_unreachable(place, address, error, tls)) from error
    finally:
        writer.transport.abort()


async def _read_greeting(place: str, reader: asyncio.StreamReader, tls: TlsFiles | None) -> None:
    begin = await _read(reader, _LENGTH.size)
    if not begin and tls is not None:
        message = f"{place} refuses the certificate {tls.cert}, or is no dask scheduler"
        raise SchedulerError(message)
    if not begin:
        message = f"{place} closes the connection: it is no dask scheduler, or one that expects tls://"
        raise SchedulerError(message)
    size = _LENGTH.unpack(begin)[0] if len(begin) == _LENGTH.size else MOST_BYTES
    rest = b""
    if size < MOST_BYTES:
        rest = await _read(reader, size)
    else:  # of a server of another kind, what has come by now
        with suppress(TimeoutError):
            async with asyncio.timeout(_MORE_SECONDS):
                rest = await reader.read(_SHOWN_BYTES)
    if _GREETING_KEY not in rest:
        said = display_name((begin + rest)[:_SHOWN_BYTES].decode("ascii", "replace").rstrip())
        message = f'{place} is no dask scheduler: it says "{said}"'
        raise SchedulerError(message)


async def _read(reader: asyncio.StreamReader, size: int) -> bytes:
    """Return so many bytes, fewer at the end of the connection."""
    try:
        return await reader.readexactly(size)
    except asyncio.IncompleteReadError as error:
        return error.partial


def _unreachable(place: str, address: Address, error: OSError, tls: TlsFiles | None) -> str:
    if isinstance(error, socket.gaierror):
        return f"there is no machine with the name {address.host} ({error.strerror})"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens at {place}: is the scheduler running?"
    if tls is not None and isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {place} is not one of the authority {tls.ca}: {error.verify_message}"
    if tls is not None and isinstance(error, ssl.SSLError) and _ALERT in (error.reason or ""):
        return f"{place} refuses the certificate {tls.cert}: {_words(error)}"
    if isinstance(error, ssl.SSLError | ConnectionResetError) and tls is not None:
        return f"{place} does not answer with TLS ({_words(error)})"
    return f"{place} cannot be reached: {_words(error)}"


def _words(error: OSError) -> str:
    """Return the reason of an error in words: "unknown ca" for the alert TLSV1_ALERT_UNKNOWN_CA."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.rpartition(_ALERT)[2].replace("_", " ").lower()
    return error.strerror or str(error)
