"""The address of a scheduler: what is one, what is said of other texts, and which ones lie open."""

from __future__ import annotations

import socket

import pytest

from tui_gen.config.cluster_address import (
    Address,
    AddressError,
    exposure,
    parse_address,
    public_addresses,
    resolved,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("tcp://nas:8786", ("tcp", "nas", 8786)),
        ("TLS://192.168.1.4:1", ("tls", "192.168.1.4", 1)),
        ("tcp://[fd00::4]:65535", ("tcp", "fd00::4", 65535)),
        ("tls://box-2.lan:8786", ("tls", "box-2.lan", 8786)),
    ],
)
def test_an_address_has_a_scheme_a_host_and_a_port(text: str, parts: tuple[str, str, int]) -> None:
    assert parse_address(text) == Address(*parts)


@pytest.mark.parametrize(
    ("text", "wrong", "remedy"),
    [
        ("nas:8786", "begins neither with tcp:// nor with tls://", '"tcp://nas:8786"'),
        ("", "begins neither with tcp:// nor with tls://", '"tcp://nas:8786"'),
        ("/run/socket", "begins neither", '"tcp://nas:8786"'),
        ("http://nas:8786", "begins with http://, and only tcp:// and tls://", '"tcp://nas:8786"'),
        ("tls://box2", "has no port", '"tls://box2:8786"'),
        ("tcp://[fd00::4]", "has no port", '"tcp://[fd00::4]:8786"'),
        ("tcp://nas:many", "is not a host and a port", '"tcp://nas:8786"'),
        ("tcp://:8786", "is not a host and a port", '"tcp://nas:8786"'),
        ("tcp://user@nas:8786", "is not a host and a port", '"tcp://nas:8786"'),
        ("tcp://nas:8786/", "is not a host and a port", '"tcp://nas:8786"'),
        ("tcp://na s:8786", "is not a host and a port", '"tcp://nas:8786"'),
        ("tcp://nas:0", "has the port 0", '"tcp://nas:8786"'),
        ("tcp://nas:70000", "has the port 70000", '"tcp://nas:8786"'),
    ],
)
def test_another_text_is_told_with_what_to_write(text: str, wrong: str, remedy: str) -> None:
    with pytest.raises(AddressError) as refused:
        parse_address(text)
    assert refused.value.wrong.startswith(f'"{text}" ')
    assert wrong in refused.value.wrong
    assert remedy in refused.value.remedy


@pytest.mark.parametrize(
    ("found", "public"),
    [
        (["127.0.0.1"], ()),
        (["::1", "127.0.0.1"], ()),
        (["10.0.0.4", "172.16.0.1", "192.168.1.4", "169.254.3.3"], ()),
        (["fd00::4", "fe80::1%eth0"], ()),
        (["100.64.0.7"], ()),
        (["8.8.8.8"], ("8.8.8.8",)),
        (["192.168.1.4", "2606:4700::1111"], ("2606:4700::1111",)),
        (["::ffff:8.8.8.8"], ("::ffff:8.8.8.8",)),
        ([], ()),
    ],
)
def test_public_addresses_are_told_from_those_of_private_networks(
    found: list[str], public: tuple[str, ...]
) -> None:
    assert public_addresses(parse_address("tcp://box:8786"), lambda _: found) == public
    assert public_addresses(parse_address("tls://box:8786"), lambda _: found) == ()


def test_a_warning_names_the_addresses_and_the_remedy() -> None:
    assert "tcp:// at 8.8.8.8, 9.9.9.9, beyond private networks" in exposure(["8.8.8.8", "9.9.9.9"])
    assert "use tls://" in exposure(["8.8.8.8"])


def test_a_host_is_resolved_by_the_system_and_an_unknown_one_has_no_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "127.0.0.1" in resolved("127.0.0.1")

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert resolved("nowhere.invalid") == ()
