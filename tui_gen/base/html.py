"""Pages of HTML that need nothing but themselves: no script, no font, no address of another machine.

Invariant: text reaches a page through `tag` alone, which escapes it; what `tag` has made is `Markup` and
is not escaped again. So a page is well-formed, whatever a source is called.
"""

from __future__ import annotations

import contextlib
import glob
import html
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tui_gen import __version__
from tui_gen.base.formatting import display_name
from tui_gen.base.html_style import STYLE

# What the page itself forbids the browser: everything but its own style and pictures beside it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file: data:"
_EMPTY = frozenset({"meta", "img", "br", "line", "rect", "path", "polyline"})


@dataclass(frozen=True, slots=True)
class Markup:
    """A piece of a page, well-formed."""

    text: str


def tag(name: str, /, *children: Markup | str, **attributes: str | float) -> Markup:
    """Return an element. Strings are escaped; `class_` stands for `class`, `aria_label` for `aria-label`."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(_attribute(value))}"'
        for key, value in attributes.items()
    )
    if name in _EMPTY and not children:
        return Markup(f"<{name}{written}>" if name in {"meta", "img", "br"} else f"<{name}{written}/>")
    inside = "".join(child.text if isinstance(child, Markup) else _escaped(child) for child in children)
    return Markup(f"<{name}{written}>{inside}</{name}>")


def _attribute(value: str | float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _escaped(text: str) -> str:
    return html.escape(display_name(text), quote=True)


def page(title: str, *body: Markup) -> str:
    """Return a whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="generator", content=f"tui-gen {__version__}"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", title),
        tag("style", Markup(STYLE)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', tag('main', *body)), lang='en').text}\n"


def table(headings: Iterable[str], rows: Iterable[Iterable[Markup | str]], *, words: int = 1) -> Markup:
    """Return a table that scrolls by itself where it is wide; the first `words` columns are not numbers."""
    heads = [tag("th", text, class_=_alignment(place, words)) for place, text in enumerate(headings)]
    lines = [
        tag("tr", *(tag("td", cell, class_=_alignment(place, words)) for place, cell in enumerate(row)))
        for row in rows
    ]
    inside = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *lines))
    return tag("div", inside, class_="wide", tabindex="0")


def _alignment(place: int, words: int) -> str:
    return "word" if place < words else "number"


def relative_url(folder: Path, path: Path) -> str:
    """Return a path relative to a page in `folder`, as a URL; any bytes are allowed."""
    return quote(os.fsencode(os.path.relpath(path, folder)))


def write_page(path: Path, text: str) -> None:
    """Replace a file, whole or not at all. Raises OSError with the old one untouched.

    Two programs may write the same page at the same time: the last one's stays.
    """
    _remove_leftovers(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):  # the first error says it
            beside.unlink(missing_ok=True)
        raise


def _remove_leftovers(path: Path) -> None:
    """Remove the unfinished files of killed programs beside a page."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        pid = left.name.removeprefix(f".{path.name}.").removesuffix(".part")
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            with contextlib.suppress(OSError):  # another user's, or removed already: it is in nobody's way
                left.unlink()
