"""Transfers an error of a unit from a unit runner to the engine: as fields, because not every error pickles.

The worker handles some errors by their type: these keep their type. All others become a UnitError with the
reason only. The traceback is added as a note.
"""

from __future__ import annotations

import errno
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from tui_gen.base.detached_call import exhaustion
from tui_gen.base.errors import (
    ObstructedError,
    OutOfMemoryError,
    SourceChangedError,
    SourceUnreachableError,
    reason_of,
)

TRACEBACK_CHARACTERS = 8000
_BY_TYPE: dict[str, type[Exception]] = {
    # A subclass comes before its base class.
    kind.__name__: kind
    for kind in (OutOfMemoryError, ObstructedError, SourceChangedError, OSError, MemoryError, RuntimeError)
}
_ONLY_WITHOUT_ROOM = (OSError, MemoryError, RuntimeError)


class UnitError(Exception):
    """A unit failed in another process; the text is the reason, printable on a screen."""


def fields_of(error: BaseException, *, home: Callable[[str], str]) -> dict[str, Any]:
    """Return an error as fields; `home` translates a path of this machine to a path of the engine's."""
    fields: dict[str, Any] = {"text": str(error), "reason": reason_of(error)}
    if isinstance(error, SourceUnreachableError):
        fields |= {"is": SourceUnreachableError.__name__, "path": home(error.path)}
    else:
        fields["is"] = next((name for name, kind in _BY_TYPE.items() if _is_a(error, kind)), "")
    if isinstance(error, OSError):
        fields |= {"text": error.strerror, "errno": error.errno}
    fields["traceback"] = "".join(traceback.format_exception(error))[-TRACEBACK_CHARACTERS:]
    return fields


def _is_a(error: BaseException, kind: type[Exception]) -> bool:
    if not isinstance(error, kind):
        return False
    return kind not in _ONLY_WITHOUT_ROOM or exhaustion(error) is not None


def error_of(fields: Mapping[str, Any]) -> Exception:
    """Return the error for fields."""
    error = _error_of(fields)
    error.add_note(f"In the unit runner:\n{fields.get('traceback', '')}")
    return error


def _error_of(fields: Mapping[str, Any]) -> Exception:
    name, text = fields.get("is"), str(fields.get("text"))
    if name == SourceUnreachableError.__name__:
        return SourceUnreachableError(text, str(fields.get("path")))
    if name == OSError.__name__:
        return OSError(fields.get("errno", errno.EAGAIN), text)
    kind = _BY_TYPE.get(str(name))
    return kind(text) if kind is not None else UnitError(str(fields.get("reason")))
