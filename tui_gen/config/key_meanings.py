"""The meaning of each key of a configuration: the docstring below its field. For pages and their tests."""

from __future__ import annotations

import ast
import inspect
import sys
from itertools import pairwise

from pydantic import BaseModel


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return field -> the docstring below it, for all fields of a model, also those of its bases."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found.update(_own_meanings(base))
    return found


def _own_meanings(model: type[BaseModel]) -> dict[str, str]:
    module = ast.parse(inspect.getsource(sys.modules[model.__module__]))
    (body,) = (
        node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == model.__name__
    )
    return {
        field.target.id: text.value.value
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
