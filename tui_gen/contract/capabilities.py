"""What a job may offer besides a run. None: the job does not offer it, and the command says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a run needs none of these modules: each costs time at the start
    from tui_gen.contract.clips import ClipDescriber
    from tui_gen.contract.contact_sheet import SheetMaker
    from tui_gen.contract.demo import DemoMaker
    from tui_gen.contract.export import Exporter, LayoutLine
    from tui_gen.contract.groups import GroupReviewer
    from tui_gen.contract.inspect import Condition, Inspector
    from tui_gen.contract.preview import Previewer
    from tui_gen.contract.report import Describer, Planner
    from tui_gen.contract.scan import Scanner
    from tui_gen.contract.split import NearDuplicates, Splitter
    from tui_gen.contract.stats import Statistician
    from tui_gen.contract.verify import Repairer, Verifier
    from tui_gen.engine.model.work import JsonObject


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a configuration offers."""

    inspector: Inspector | None = None  # check
    planner: Planner | None = None  # report, stats
    describer: Describer | None = None  # the job's own sections of a report, and of the end of a run
    verifier: Verifier | None = None  # verify
    repairer: Repairer | None = None  # verify --repair, with `verifier`
    statistician: Statistician | None = None  # stats, with `planner`
    sheet_maker: SheetMaker | None = None  # sheet
    splitter: Splitter | None = None  # split
    near_duplicates: NearDuplicates | None = None  # split --move, and the end of a run
    exporter: Exporter | None = None  # export
    previewer: Previewer | None = None  # the preview of the screen
    clip_describer: ClipDescriber | None = None  # the clips in the log of the screen
    next_steps: Callable[[], Sequence[str]] | None = None  # a run that finished: what to do next, a line each
    group_reviewer: GroupReviewer | None = None  # review
    # The recipe of a run folder, and today's: what to do if the program, and not the user, has changed it.
    recipe_advice: Callable[[JsonObject, JsonObject], str | None] | None = None


@dataclass(frozen=True, slots=True)
class JobCapabilities:
    """What a job offers before a configuration exists."""

    scanner: Scanner | None = None  # scan
    demo_maker: DemoMaker | None = None  # demo
    about: str = ""  # what the job makes, for the page of a first start
    tools: Callable[[], Sequence[Condition]] | None = None  # check: how the machine's tools are
    layouts: Callable[[], Sequence[LayoutLine]] | None = None  # export --help: what can be written
