"""A page as a strict reader finds it: every element closed, and everything it refers to."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import unquote

EMPTY = frozenset({"meta", "img", "br"})
REFERENCES = frozenset({"src", "href", "srcset", "poster", "data", "action", "background", "xlink:href"})
HOSTILE = "[/red] <script>alert(\"x\")</script> & 'y' \x1b[2J\u202egpj.mkv \udcff </title></style>\n日本"
"""A name with everything that has ever broken a page, a screen or a file."""


@dataclass
class ReadPage(HTMLParser):
    """What was read of a page."""

    elements: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    open_elements: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a page; fail where it is not well-formed."""
        page = cls()
        HTMLParser.__init__(page, convert_charrefs=True)
        assert text.startswith("<!DOCTYPE html>\n")
        page.feed(text)
        page.close()
        assert page.open_elements == []
        return page

    @property
    def text(self) -> str:
        """All words that a reader sees."""
        return "\n".join(self.words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        if tag not in EMPTY:
            self.open_elements.append(tag)
        for name, value in attrs:
            assert value is not None, f"{tag} {name}"
            self.attributes.append((name, value))
            if name in REFERENCES:
                self.references.append(unquote(value, errors="surrogateescape"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open_elements, f"</{tag}> closes nothing"
        assert self.open_elements.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open_elements and self.open_elements[-1] not in {"style", "script"}:
            self.words.append(data)


def check_needs_nothing(text: str) -> ReadPage:
    """Assert that a page is well-formed, runs nothing and asks nobody for anything; return it."""
    page = ReadPage.of(text)
    assert not {"script", "iframe", "object", "embed", "link", "base", "form"} & set(page.elements)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    for reference in page.references:
        assert ":" not in reference.split("/")[0], reference
        assert not reference.startswith("/"), reference
    assert "@import" not in text
    assert "url(" not in text
    return page
