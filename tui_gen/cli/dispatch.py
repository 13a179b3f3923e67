"""What each command calls, with the values of its arguments.

Heavy modules are imported by the command that needs them: `--help` and `--version` stay instant.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import size
from tui_gen.base.terminals import can_draw
from tui_gen.cli.argument_types import DEFAULT_CONFIG
from tui_gen.cli.streams import say

if TYPE_CHECKING:
    from tui_gen.contract.job import JobConfig


def _screen(options: argparse.Namespace) -> int:
    options.json = options.detached = False
    if not can_draw():
        return _run(options)
    from tui_gen.commands import screen
    from tui_gen.contract.registry import job_of

    path = Path(options.config)
    _, job = job_of(path)
    if not path.exists() and options.config == DEFAULT_CONFIG:
        return screen.first_run(job, f"There is no ./{DEFAULT_CONFIG} here yet.", _scan_then_say, _demo_here)
    config = job.read_config(path)
    if not config.run.source_count:
        reason = f"{path} lists no {config.nouns.source.many} yet."
        return screen.first_run(job, reason, _scan_then_say, _demo_here)
    if options.fresh and not _may_start_over(config, options):
        return ExitCode.STOPPED
    lasting = ("--cluster", options.cluster) if options.cluster else ()
    return screen.open_screen(config, _flags(options), lasting, is_ascii=options.ascii)


def _scan_then_say(folder: str) -> int:
    from tui_gen.cli.main import main

    return main(["scan", folder])


def _demo_here() -> int:
    from tui_gen.cli.main import main

    return main(["demo"])


def _flags(options: argparse.Namespace) -> list[str]:
    """Return the flags of `run` that were given, for the engine's own command line."""
    flags = [
        text
        for text, is_set in [
            ("--fresh", options.fresh),
            ("--yes", options.fresh),
            ("--mix", options.mix),
            ("--beside", options.beside),
        ]
        if is_set
    ]
    for name in ("limit", "only", "workers"):
        value = getattr(options, name)
        if value is not None:
            flags += [f"--{name}", str(value)]
    return flags


def _monitor(options: argparse.Namespace) -> int:
    from tui_gen.commands import monitor
    from tui_gen.contract.registry import read_config

    path = Path(options.file)
    status_path = path if monitor.is_status_file(path) else read_config(path).run.status_path
    if options.json or options.once or not can_draw():
        return monitor.watch(status_path, sys.stdout, is_once=options.once, is_json=options.json)
    from tui_gen.commands import screen

    return screen.monitor(status_path, is_ascii=options.ascii)


def _top(options: argparse.Namespace) -> int:
    from tui_gen.commands.top import command

    request = command.TopRequest(
        tuple(Path(config) for config in options.configs),
        is_screen=can_draw() and not (options.once or options.json),
        is_json=options.json,
        is_ascii=options.ascii,
    )
    return command.top(request, sys.stdout)


def _ctl(options: argparse.Namespace) -> int:
    from tui_gen.commands import ctl
    from tui_gen.contract.registry import read_config

    order = ctl.CtlOrder(options.order, **{
        key: getattr(options, key)
        for key in ("name", "machine", "number", "count", "json", "yes") if hasattr(options, key)
    })  # fmt: skip
    sys.stdout.write(f"{ctl.carry_out(read_config(Path(options.config)).run, order)}\n")
    return ExitCode.DONE


def _run(options: argparse.Namespace) -> int:
    from tui_gen.commands.run.command import run
    from tui_gen.commands.run.opening import RunRequest
    from tui_gen.contract.registry import read_config

    config = read_config(Path(options.config))
    request = RunRequest(
        config,
        limit=options.limit,
        only=options.only,
        workers=options.workers,
        is_fresh=options.fresh,
        may_mix=options.mix,
        may_write_beside=options.beside,
        is_verbose=options.verbose,
        is_json=options.json,
        is_detached=options.detached,
        cluster=options.cluster,
    )
    if options.fresh and not _may_start_over(config, options):
        return ExitCode.STOPPED
    return run(request)


def _may_start_over(config: JobConfig, options: argparse.Namespace) -> bool:
    from tui_gen.commands.run.starting_over import what_stands

    images, size_bytes = what_stands(config)
    if options.yes or not images:
        return True
    counted = config.nouns.image.counted(images)
    return _agreed(f"Rename the folders of {counted} ({size(size_bytes)}) and start over?")


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        message = f"{question} Without a terminal, say so with --yes."
        raise RefusedError(message)
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


def _plan(options: argparse.Namespace) -> int:
    from tui_gen.commands.plan import plan_lines
    from tui_gen.contract.registry import read_config
    from tui_gen.views.text.tables import line_width

    config = read_config(Path(options.config))
    lines, is_met = plan_lines(config, line_width(sys.stdout), may_mix=options.mix)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return ExitCode.DONE if is_met else ExitCode.WITH_GAPS


def _check(options: argparse.Namespace) -> int:
    from tui_gen.commands.check import command
    from tui_gen.contract.registry import job_of

    request = command.CheckRequest(
        sys.stdout, sys.stderr, os.environ, is_json=options.json, may_keep=not options.no_keep
    )
    path = Path(options.config)
    _, job = job_of(path, options.job)
    if options.cluster is not None:
        from tui_gen.commands.check import cluster

        wanted = None if options.cluster is True else options.cluster
        return cluster.check_cluster(job.read_config(path), wanted, request)
    if not path.exists() and options.config == DEFAULT_CONFIG:
        sys.stderr.write(f"There is no ./{DEFAULT_CONFIG} here yet: the machine alone is checked.\n")
        tools = job.capabilities().tools
        return command.check_machine(tools() if tools is not None else (), request)
    return command.check(job.read_config(path), request)


def _scan(options: argparse.Namespace) -> int:
    from tui_gen.commands import scan
    from tui_gen.commands.offered import offered
    from tui_gen.contract.registry import job_of
    from tui_gen.contract.scan import ScanRequest

    request = ScanRequest(
        folders=tuple(Path(folder) for folder in options.folders),
        target=Path(options.output),
        may_update=options.update,
        is_probed=not options.no_probe,
        least_seconds=options.min_seconds,
        keeps_editions=options.all_editions,
        follows_links=not options.no_follow,
    )
    name, job = job_of(request.target, options.job)
    scanner = offered(job.capabilities().scanner, name, "scan")
    return scan.scan(scanner, request, job.nouns(), is_reviewed=can_draw() and not options.yes)


def _stats(options: argparse.Namespace) -> int:
    from tui_gen.commands import stats
    from tui_gen.contract.registry import read_config

    asked = stats.StatsRequest(options.score, options.list, is_json=options.json)
    return stats.stats(read_config(Path(options.config)), asked, out=sys.stdout)


def _verify(options: argparse.Namespace) -> int:
    from tui_gen.commands import verify
    from tui_gen.contract.registry import read_config

    config = read_config(Path(options.config))
    work = verify.repair if options.repair else verify.verify
    return work(config, sample=options.sample, out=sys.stdout, talk=sys.stderr)


def _report(options: argparse.Namespace) -> int:
    from tui_gen.commands import report
    from tui_gen.contract.registry import read_config

    page_path = Path(options.output) if options.output else None
    config = read_config(Path(options.config))
    return report.report(config, page_path=page_path, out=sys.stdout, talk=sys.stderr)


def _sheet(options: argparse.Namespace) -> int:
    from tui_gen.commands import report
    from tui_gen.contract.registry import read_config

    request = report.SheetRequest(
        folder=Path(options.output) if options.output else None,
        per_category=options.per_category,
        seed=options.seed,
    )
    return report.sheet(read_config(Path(options.config)), request, out=sys.stdout, talk=sys.stderr)


def _split(options: argparse.Namespace) -> int:
    from tui_gen.commands import split
    from tui_gen.contract.registry import read_config

    request = split.SplitRequest(
        {part: getattr(options, part) for part in ("val", "test", "train")},
        suggested_share=options.suggest,
        is_move=options.move,
        is_json=options.json,
    )
    return split.split(read_config(Path(options.config)), request, out=sys.stdout, talk=sys.stderr)


def _export(options: argparse.Namespace) -> int:
    from tui_gen.commands import export
    from tui_gen.contract.export import ExportForm, ExportRequest
    from tui_gen.contract.registry import read_config

    form = ExportForm(
        merge=options.merge,
        crop=options.crop,
        stride=options.stride,
        kinds=options.kinds,
        tiles=options.tiles,
        embed=options.embed,
        shard_mb=options.shard_mb,
        job_options=(("lr", options.lr),) if options.lr else (),
    )
    request = ExportRequest(
        options.layout,
        Path(options.folder),
        categories=frozenset(options.category),
        formats=frozenset(options.format),
        splits=frozenset(options.split),
        form=form,
    )
    config = read_config(Path(options.config))
    return export.export(config, request, is_json=options.json, out=sys.stdout, talk=sys.stderr)


def _review(options: argparse.Namespace) -> int:
    from tui_gen.commands import review
    from tui_gen.contract.registry import read_config

    config = read_config(Path(options.config))
    if options.list or options.json or not can_draw():
        return review.list_groups(config, is_json=options.json, out=sys.stdout)
    return review.review(config, is_ascii=options.ascii, talk=sys.stderr)


def _serve(options: argparse.Namespace) -> int:
    from tui_gen.contract.registry import read_config

    config = read_config(Path(options.config))
    if options.page:
        return _page(config, options)
    from tui_gen.commands.serve import command

    request = command.ServeRequest(
        options.host, options.port, options.token, may_steer=options.steer, is_review=options.review
    )
    return command.serve(config, request, out=sys.stdout)


def _page(config: JobConfig, options: argparse.Namespace) -> int:
    """Draw one page of `serve`, whose server started this process."""
    if options.review:
        from tui_gen.commands import review

        return review.review(config, is_ascii=False, talk=sys.stderr, is_page=True)
    from tui_gen.commands import screen

    return screen.page(config, may_steer=options.steer)


def _replay(options: argparse.Namespace) -> int:
    from tui_gen.commands import replay
    from tui_gen.contract.registry import read_config

    picture = Path(options.svg) if options.svg else None
    if picture is None and not can_draw():
        message = "a replay needs a terminal; write one moment as a picture with --svg FILE"
        raise RefusedError(message)
    request = replay.ReplayRequest(options.speed, picture, options.at, options.size, is_ascii=options.ascii)
    return replay.replay(read_config(Path(options.config)), request)


def _demo(options: argparse.Namespace) -> int:
    from tui_gen.commands.offered import offered
    from tui_gen.commands.run.command import run
    from tui_gen.commands.run.opening import RunRequest
    from tui_gen.contract.registry import job_of

    folder = Path(options.folder)
    name, job = job_of(folder / DEFAULT_CONFIG, options.job)
    path = offered(job.capabilities().demo_maker, name, "demo").make_demo(folder, say=say)
    return run(RunRequest(job.read_config(path), is_verbose=options.verbose, cluster=options.cluster))


def _lend(options: argparse.Namespace) -> int:
    from tui_gen.commands.lend.command import LendRequest, lend, tls_files

    request = LendRequest(
        options.address,
        options.name,
        options.workers,
        options.port,
        tls_files(options.tls_ca, options.tls_cert, options.tls_key),
    )
    return lend(request, out=sys.stdout)


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "screen": _screen,
    "monitor": _monitor,
    "top": _top,
    "ctl": _ctl,
    "run": _run,
    "plan": _plan,
    "check": _check,
    "scan": _scan,
    "stats": _stats,
    "verify": _verify,
    "report": _report,
    "sheet": _sheet,
    "split": _split,
    "export": _export,
    "review": _review,
    "serve": _serve,
    "replay": _replay,
    "demo": _demo,
    "lend": _lend,
}
