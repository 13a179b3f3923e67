"""Validates a configuration's tree by a model, and retells what pydantic finds as faults.

Invariant: each faulty part is told once, and the rest of the file is validated in spite of it.
"""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tui_gen.config.commented_json import Document, Key
from tui_gen.config.faults import Fault
from tui_gen.config.keys import keys_known_at, remedy_for

Model = TypeVar("Model", bound=BaseModel)

_LONGEST_VALUE_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Validator(Generic[Model]):
    """How the file of one job is validated."""

    model: type[Model]
    whole: str  # what may be written as the whole file
    # Removes a faulty part of the tree, or the smallest whole that cannot do without the missing one.
    take_out: Callable[[dict[str, Any], ErrorDetails], None]
    # Says where a key belongs that is known elsewhere, or None.
    place_of: Callable[[str], str | None] = lambda _: None

    def validated(self, document: Document) -> tuple[Model | None, list[Fault]]:
        """Return the file and its faults; with faults, the file is what is left without the faulty parts.

        So the checks across keys can run in spite of a wrong type elsewhere. None: nothing is left.
        """
        file, errors = self._validated(document.value)
        return file, list(self._faults(errors, document))

    def _validated(self, tree: object) -> tuple[Model | None, list[ErrorDetails]]:
        found: list[ErrorDetails] = []
        tree = copy.deepcopy(tree)
        while True:
            try:
                return self.model.model_validate(tree), found
            except ValidationError as error:
                errors = error.errors(include_url=False, include_context=False)
                # Later rounds only complain of what an earlier one took out.
                found = found or errors
                if not isinstance(tree, dict) or any(not details["loc"] for details in errors):
                    return None, found
                for details in errors:
                    self.take_out(tree, details)

    def _faults(self, errors: Iterable[ErrorDetails], document: Document) -> Iterator[Fault]:
        for details in errors:
            key: Key = details["loc"]
            if details["type"] == "missing":
                yield Fault(key, "is missing", f"write {self._remedy(key)}")
            elif details["type"] == "extra_forbidden":
                yield Fault(key, "is not a known key", self._suggestion(key))
            elif details["type"] == "string_unicode" and not key:
                place = next(place for place in document.lines if place and place[-1] == details["input"])
                yield Fault(place, "is not a known key", "remove it")
            else:
                yield Fault(key, f"got {_shown(details['input'])}", f"write {self._remedy(key)}")

    def _remedy(self, key: Key) -> str:
        return remedy_for(self.model, key, whole=self.whole)

    def _suggestion(self, key: Key) -> str:
        known = keys_known_at(self.model, key[:-1])
        unknown = str(key[-1])
        close = difflib.get_close_matches(unknown, known, n=1)
        if close:
            return f'did you mean "{close[0]}"?'
        return self.place_of(unknown) or f"remove it; known here: {', '.join(known)}"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE_SHOWN else f"{text[: _LONGEST_VALUE_SHOWN - 3]}..."
