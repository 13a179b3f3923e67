"""Who may see the pages of `serve`."""

from __future__ import annotations

import pytest

from tui_gen.base.errors import RefusedError
from tui_gen.commands.serve.access import (
    WRONG_TOKEN,
    AccessRules,
    Asked,
    is_own_address,
    is_same,
    token_for,
    tokens_in,
)

TOKEN = "0123456789abcdefABCDEF_-"  # noqa: S105 - of the tests alone
OWN = "127.0.0.1:8642"


@pytest.mark.parametrize("given", ["", "x", TOKEN[:-1], TOKEN + "0", TOKEN.lower(), "\udcff", "é"])
def test_another_token_is_wrong(given: str) -> None:
    assert not is_same(TOKEN, given)
    assert AccessRules(TOKEN).refusal(Asked(OWN, tokens=(given,))) == WRONG_TOKEN


def test_the_token_opens_under_any_name() -> None:
    assert AccessRules(TOKEN).refusal(Asked("box.example:80", tokens=("wrong", TOKEN))) is None


def test_a_missing_token_is_wrong() -> None:
    assert AccessRules(TOKEN).refusal(Asked(OWN)) == WRONG_TOKEN


@pytest.mark.parametrize("host", [OWN, "localhost:9000", "[::1]:8642", "127.0.0.1"])
def test_without_a_token_this_machine_may_ask(host: str) -> None:
    assert AccessRules(None).refusal(Asked(host)) is None


@pytest.mark.parametrize(
    "host", ["", "evil.example:8642", "127.0.0.1.evil.example", "10.0.0.1", "[::1", "[x]:1"]
)
def test_without_a_token_a_name_of_elsewhere_is_refused(host: str) -> None:
    assert AccessRules(None).refusal(Asked(host)) is not None


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://[", ""])
def test_a_request_of_another_site_is_refused(origin: str, token: str | None) -> None:
    rules = AccessRules(token)
    assert rules.refusal(Asked(OWN, f"http://{OWN}", (TOKEN,))) is None
    assert rules.refusal(Asked(OWN, origin, (TOKEN,))) is not None


def test_only_addresses_of_others_need_a_token() -> None:
    assert token_for("127.0.0.1", None) is token_for("::1", None) is token_for("localhost", None) is None
    made = {token_for(host, None) for host in ("0.0.0.0", "::", "10.1.2.3", "box")}  # noqa: S104
    assert len(made) == 4
    assert all(token is not None and len(token) >= 32 for token in made)
    assert token_for("127.0.0.1", TOKEN) == TOKEN
    assert not is_own_address("0.0.0.0")  # noqa: S104


@pytest.mark.parametrize("token", ["", "short", "0123456789abcde", "0123456789abcde ", "0123456789abcdef/?"])
def test_a_token_that_is_easy_or_cannot_be_in_an_address_is_refused(token: str) -> None:
    with pytest.raises(RefusedError, match="--token: must be 16 or more"):
        token_for("127.0.0.1", token)


def test_tokens_come_in_the_address_or_in_a_header() -> None:
    assert tokens_in("Bearer abc", ("x", None, "")) == ("abc", "x")
    assert tokens_in("bearer  abc ", ()) == ("abc",)
    assert tokens_in("Basic abc", (None, "y")) == ("y",)
