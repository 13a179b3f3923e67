"""Decides who may see the pages. Pure.

A page of another site, opened in the same browser, can send requests to this machine too. Its requests have
the other site as their origin, or name the other site as their host, and are refused.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tui_gen.base.errors import RefusedError

TOKEN_LETTERS = 16
"""The least letters of a token that a user chooses: 95 bits if they are random."""
_TOKEN_BYTES = 24
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LETTERS},}}")
WRONG_TOKEN = "the token is wrong or missing: open the address that tui-gen serve printed"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Asked:
    """The parts of a request that decide: its headers Host and Origin, and all tokens in it."""

    host: str
    origin: str | None = None
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The rules of one server. Without a token, only this machine may ask."""

    token: str | None

    def refusal(self, asked: Asked) -> str | None:
        """Return why a request is refused, or None."""
        if self.token is not None and not any(is_same(self.token, each) for each in asked.tokens):
            return WRONG_TOKEN
        if self.token is None and not is_own_address(_name_of(asked.host)):
            return f"without a token, the page is only shown under the name of this machine, not {asked.host}"
        if asked.origin is not None and asked.origin.partition("://")[2] != asked.host:
            return f"the request comes from another site: {asked.origin}"
        return None


def is_same(token: str, given: str) -> bool:
    """Return whether a token is the right one, in a time that does not depend on where they differ."""
    return hmac.compare_digest(token.encode(), given.encode("utf-8", "backslashreplace"))


def is_own_address(host: str) -> bool:
    """Return whether only programs on this machine can reach an address or name."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def token_for(host: str, given: str | None) -> str | None:
    """Return the token of a server; None if it needs none. Raises RefusedError for one that is too easy."""
    if given is None:
        return None if is_own_address(host) else secrets.token_urlsafe(_TOKEN_BYTES)
    if _TOKEN.fullmatch(given) is None:
        message = (
            f"--token: must be {TOKEN_LETTERS} or more of the letters A-Z a-z 0-9 _ -; "
            "without --token, any address but this machine's own gets a random one"
        )
        raise RefusedError(message)
    return given


def tokens_in(authorization: str, others: Iterable[str | None]) -> tuple[str, ...]:
    """Return all tokens of a request: of the header `Authorization: Bearer TOKEN`, and of the address."""
    scheme, _, bearer = authorization.partition(" ")
    found = [bearer.strip()] if scheme.casefold() == "bearer" else []
    return (*found, *(each for each in others if each))


def _name_of(host: str) -> str:
    """Return a Host header without its port and without the brackets of IPv6."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
