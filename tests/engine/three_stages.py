"""The job of three stages that docs/adding-a-job.md shows, loaded from the page.

cut (each source) ──> capitals (each source, as soon as it is cut) ──> join (the whole dataset)
"""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-job.md"


def _module_of_the_page() -> types.ModuleType:
    section = PAGE.read_text(encoding="utf-8").partition("## Several stages")[2]
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    module = types.ModuleType("texts")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    exec(compile(blocks[0], str(PAGE), "exec"), vars(module))  # noqa: S102 - the page's own code
    return module


three_stages: Any = _module_of_the_page()
