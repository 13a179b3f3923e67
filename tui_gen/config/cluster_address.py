"""The address of a dask scheduler: "tcp://HOST:PORT" or "tls://HOST:PORT".

Invariant: a text that is no such address is refused before anything connects to it.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

NO_CLUSTER = "none"
"""Stands for no address: the work is done on this machine alone."""
USUAL_PORT = 8786
LAST_PORT = 65535
_WRITTEN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_HOST = re.compile(r"\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]|[^\[\]:/?#@\s%\\]+")
EXAMPLE = f"tcp://nas:{USUAL_PORT}"


class AddressError(ValueError):
    """A text is not the address of a scheduler. `wrong` says why, `remedy` what to write."""

    def __init__(self, wrong: str, remedy: str) -> None:
        """Keep both sentences."""
        super().__init__(f"{wrong}; {remedy}")
        self.wrong = wrong
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a scheduler."""

    scheme: str  # "tcp" or "tls"
    host: str  # a name, or an address without brackets
    port: int  # 1 to 65535

    def __str__(self) -> str:
        """Return the address as it is written."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def is_encrypted(self) -> bool:
        """Whether connections are encrypted and both sides are identified by certificates."""
        return self.scheme == "tls"


def parse_address(text: str) -> Address:
    """Return the parts of an address. Raises AddressError."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        host = text.strip()
        meant = f"tcp://{host}" if _is_host_and_port(host) else EXAMPLE
        wrong = f'"{text}" begins neither with tcp:// nor with tls://'
        raise AddressError(wrong, f'write it like "{meant}"')
    scheme, rest = found["scheme"].lower(), found["rest"]
    if scheme not in {"tcp", "tls"}:
        wrong = f'"{text}" begins with {scheme}://, and only tcp:// and tls:// are supported'
        raise AddressError(wrong, f'write it like "{EXAMPLE}"')
    host, colon, port = rest.rpartition(":")
    if not colon or port.endswith("]"):
        wrong = f'"{text}" has no port'
        usual = rest if _HOST.fullmatch(rest) else "nas"
        raise AddressError(wrong, f'write it like "{scheme}://{usual}:{USUAL_PORT}"')
    if not _HOST.fullmatch(host) or not port.isascii() or not port.isdigit():
        wrong = f'"{text}" is not a host and a port'
        raise AddressError(wrong, f'write it like "{scheme}://nas:{USUAL_PORT}"')
    if not 1 <= int(port) <= LAST_PORT:
        wrong = f'"{text}" has the port {port}, and ports are numbers from 1 to {LAST_PORT}'
        raise AddressError(wrong, f'write it like "{scheme}://{host}:{USUAL_PORT}"')
    return Address(scheme, host.strip("[]"), int(port))


def _is_host_and_port(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(_HOST.fullmatch(host)) and port.isascii() and port.isdigit()


Resolve = Callable[[str], Sequence[str]]


def public_addresses(address: Address, resolve: Resolve | None = None) -> tuple[str, ...]:
    """Return the addresses of a tcp:// scheduler that lie beyond this machine and private networks.

    Empty for tls://, and for a host that has no address: the connection then says so. `resolve` returns the
    addresses of a host's name; the default asks the system's resolver.
    """
    if address.is_encrypted:
        return ()
    return tuple(each for each in (resolve or resolved)(address.host) if _is_public(each))


def exposure(addresses: Iterable[str]) -> str:
    """Return the warning about addresses that `public_addresses` returned."""
    return (
        f"the scheduler is reached over tcp:// at {', '.join(addresses)}, beyond private networks: whoever "
        "reaches it can run programs on all machines; use tls:// with certificates of your own "
        "(docs/cluster.md), or a private network"
    )


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_global


def resolved(host: str) -> Sequence[str]:
    """Return the addresses of a host, none if it cannot be found."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
