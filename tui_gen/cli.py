"""The command line: wires everything, decides nothing.

Heavy modules are imported by the command that needs them: `--help` and `--version` stay instant.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from tui_gen import __version__
from tui_gen.engine.lock import LockedError
from tui_gen.engine.work import RefusedError
from tui_gen.exit_codes import ExitCode
from tui_gen.wording import count, display_name, size

if TYPE_CHECKING:
    from tui_gen.jobs import JobConfig

COMMANDS = frozenset(
    {
        *("screen", "run", "monitor", "ctl"),
        *("scan", "check", "plan", "demo"),
        *("verify", "stats", "report", "sheet"),
        *("export", "split"),
    }
)
DEFAULT_CONFIG = "generator_config.json"
DEFAULT_DEMO = "tui-gen-demo"
EPILOG = """exit codes:
  0 done   1 internal error   2 usage, configuration or recipe   3 finished with gaps
  4 stopped, resumable   5 damage found   11 locked by a live engine   129/130/143 ended by a signal
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return the exit code."""
    _open_closed_streams()
    options = parser().parse_args(with_command(sys.argv[1:] if arguments is None else list(arguments)))
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return int(command(options))
    except RefusedError as error:
        _complain(str(error))
        return ExitCode.REFUSED
    except LockedError as error:
        _complain(f"{error}\nAttach to it with: tui-gen, or stop it with: tui-gen ctl stop")
        return ExitCode.LOCKED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of a list has seen enough.
        sys.stderr.close()
        return ExitCode.DONE
    except Exception:  # noqa: BLE001 - the last door: a fault of the program, shown whole
        _complain(f"internal error; please report this:\n{traceback.format_exc()}")
        return ExitCode.INTERNAL_ERROR


def program() -> int:
    """Run the command as a process of its own, which no Ctrl-C keeps from ending with its code any more."""
    try:
        code = main()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        code = ExitCode.INTERRUPTED
    return code


def _open_closed_streams() -> None:
    """Lead what the caller closed (`>&-`) to nowhere, lest the next file opened take its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)  # gets the lowest free number: the closed one's
            setattr(sys, name, os.fdopen(nowhere, mode, closefd=False))


def with_command(arguments: list[str]) -> list[str]:
    """Put in the command that `tui-gen` and `tui-gen CONFIG` leave out."""
    first = arguments[0] if arguments else ""
    is_named = first in COMMANDS or first in {"-h", "--help", "--version"}
    return arguments if is_named else ["screen", *arguments]


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="tui-gen",
        usage="tui-gen [CONFIG] [flags of run]   or   tui-gen COMMAND ...",
        description="Turns libraries of UHD and HDR films into training sets for video super-resolution.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"tui-gen {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_screen(commands)
    _add_run(commands)
    _add_monitor(commands)
    _add_ctl(commands)
    _add_plan(commands)
    _add_check(commands)
    _add_scan(commands)
    _add_verify(commands)
    _add_stats(commands)
    _add_report(commands)
    _add_sheet(commands)
    _add_split(commands)
    _add_export(commands)
    _add_demo(commands)
    return top


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse names it so


def _take_config(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "config", metavar="CONFIG", nargs="?", default=DEFAULT_CONFIG, help="default: %(default)s"
    )


def _add_screen(commands: Commands) -> None:
    screen = commands.add_parser(
        "screen", help="the screen: start the run, or attach to the one running; this is the default"
    )
    _take_config(screen)
    _add_run_flags(screen)
    _add_ascii(screen)
    screen.set_defaults(command=_screen)


def _add_ascii(command: argparse.ArgumentParser) -> None:
    command.add_argument("--ascii", action="store_true", help="draw with ASCII alone")


def _add_monitor(commands: Commands) -> None:
    monitor = commands.add_parser("monitor", help="watch a run through its status file, every 2 s")
    monitor.add_argument(
        "file", metavar="CONFIG|STATUS", nargs="?", default=DEFAULT_CONFIG, help="default: %(default)s"
    )
    monitor.add_argument("--once", action="store_true", help="look once, as text")
    monitor.add_argument("--json", action="store_true", help="the status file's content; with --once, once")
    _add_ascii(monitor)
    monitor.set_defaults(command=_monitor)


def _add_ctl(commands: Commands) -> None:
    ctl = commands.add_parser("ctl", help="steer the running engine from a shell")
    ctl.add_argument("-c", "--config", metavar="CONFIG", default=DEFAULT_CONFIG, help="default: %(default)s")
    orders = ctl.add_subparsers(title="orders", metavar="ORDER", required=True, dest="order")
    orders.add_parser("pause", help="stop pulling; CPU falls to zero within one clip")
    orders.add_parser("resume", help="go on after a pause")
    orders.add_parser("drain", help="finish the clips in hand, save and end")
    orders.add_parser("stop", help="end now; the clips in hand are made again in the next run")
    orders.add_parser("workers", help="work with N workers").add_argument("count", metavar="N", type=int)
    orders.add_parser("skip", help="leave a video out").add_argument("name", metavar="NAME")
    orders.add_parser("unskip", help="take a skipped video back in").add_argument("name", metavar="NAME")
    priority = orders.add_parser("priority", help="give a video priority N, 0 (first) to 255")
    priority.add_argument("name", metavar="NAME")
    priority.add_argument("number", metavar="N", type=int)
    retry = orders.add_parser("retry", help="try again what failed, of one video or of all")
    retry.add_argument("name", metavar="NAME", nargs="?")
    status = orders.add_parser("status", help="say how the run stands")
    status.add_argument("--json", action="store_true", help="everything, as JSON")
    ctl.set_defaults(command=_ctl)


def _add_run(commands: Commands) -> None:
    run = commands.add_parser("run", help="generate in the foreground, reporting line by line")
    _take_config(run)
    run.add_argument("--json", action="store_true", help="the status as a line of JSON every few seconds")
    run.add_argument("--detached", action="store_true", help=argparse.SUPPRESS)
    _add_run_flags(run)
    run.set_defaults(command=_run)


def _add_run_flags(run: argparse.ArgumentParser) -> None:
    run.add_argument("--limit", metavar="N", type=_positive, help="end after N clips")
    run.add_argument("--only", metavar="NAME", help="work on one video alone: its id, name or a part of it")
    run.add_argument("--workers", metavar="N", type=_positive, help="begin with N workers")
    run.add_argument("--fresh", action="store_true", help="set aside what is there and start over")
    run.add_argument("--yes", action="store_true", help="do not ask before --fresh")
    run.add_argument("--mix", action="store_true", help="go on although the recipe has changed")
    run.add_argument("--beside", action="store_true", help="write next to files that no ledger owns")
    run.add_argument("-v", "--verbose", action="store_true", help="a line for every clip")


def _add_plan(commands: Commands) -> None:
    plan = commands.add_parser("plan", help="dry run: what would be made, and what cannot be met")
    _take_config(plan)
    plan.set_defaults(command=_plan)


def _add_check(commands: Commands) -> None:
    check = commands.add_parser("check", help="is this machine ready, and what can be made of every video?")
    _take_config(check)
    check.add_argument("--json", action="store_true", help="everything that was found, as JSON")
    check.add_argument("--no-keep", action="store_true", help="do not keep what was found for the run")
    check.set_defaults(command=_check)


def _add_scan(commands: Commands) -> None:
    scan = commands.add_parser("scan", help="make a configuration from a folder of films")
    scan.add_argument("folders", metavar="DIR", nargs="+", help="looked through with all folders below")
    scan.add_argument("-o", "--output", metavar="CONFIG", default=DEFAULT_CONFIG, help="default: %(default)s")
    scan.add_argument("--update", action="store_true", help="add what is new to a configuration with videos")
    scan.add_argument("--yes", action="store_true", help="save what was found without a review on the screen")
    scan.add_argument(
        "--all-editions", action="store_true", help="take every copy of a film, not the best one"
    )
    scan.add_argument(
        "--min-seconds", metavar="N", type=float, default=60.0, help="leave out shorter films (default: 60)"
    )
    scan.add_argument("--no-probe", action="store_true", help="open no file: fast, but lengths stay unknown")
    scan.set_defaults(command=_scan)


def _add_stats(commands: Commands) -> None:
    stats = commands.add_parser(
        "stats", help="what was measured, as histograms, and what limits would reject"
    )
    _take_config(stats)
    stats.add_argument("--score", metavar="SCORE", help="show one score alone")
    ways = stats.add_mutually_exclusive_group()
    ways.add_argument("--json", action="store_true", help="everything, as JSON")
    ways.add_argument(
        "--list", metavar="SCORE", help="list the patches beyond the limits of a score, or of all"
    )
    stats.set_defaults(command=_stats)


def _add_verify(commands: Commands) -> None:
    verify = commands.add_parser("verify", help="hold every recorded patch against its files")
    _take_config(verify)
    verify.add_argument("--repair", action="store_true", help="make missing and damaged patches again")
    verify.add_argument("--sample", metavar="N", type=_positive, help="check N patches chosen at random")
    verify.set_defaults(command=_verify)


def _add_report(commands: Commands) -> None:
    report = commands.add_parser("report", help="what a run came to, as text and as a page for a browser")
    _take_config(report)
    report.add_argument(
        "-o", "--output", metavar="FILE", help="the page; default: .tui-gen/report.html in the output folder"
    )
    report.set_defaults(command=_report)


def _add_sheet(commands: Commands) -> None:
    sheet = commands.add_parser("sheet", help="a contact sheet: patches to look at, as pictures and a page")
    _take_config(sheet)
    sheet.add_argument("-o", "--output", metavar="DIR", help="default: .tui-gen/sheet in the output folder")
    sheet.add_argument(
        "--per-category", metavar="N", type=_positive, default=12,
        help="N at random, and a third of it at each end of each score; default: %(default)s",
    )  # fmt: skip
    sheet.add_argument(
        "--seed", metavar="N", type=int, help="another random sample; default: the configuration's"
    )
    sheet.set_defaults(command=_sheet)


def _add_split(commands: Commands) -> None:
    split = commands.add_parser("split", help="which videos are kept for validation or a test; choose them")
    split.add_argument(
        "-c", "--config", metavar="CONFIG", default=DEFAULT_CONFIG, help="default: %(default)s"
    )
    for part, purpose in (
        ("val", "keep for validation"),
        ("test", "keep for a test"),
        ("train", "take back"),
    ):
        split.add_argument(f"--{part}", metavar="NAME", nargs="+", action="extend", default=[], help=purpose)
    split.add_argument("--suggest", metavar="SHARE", type=_share, help="name films to keep, like 5%%")
    split.add_argument("--move", action="store_true", help="move patches to the part their video belongs to")
    split.add_argument("--json", action="store_true", help="the list as JSON")
    split.set_defaults(command=_split)


def _add_export(commands: Commands) -> None:
    export = commands.add_parser("export", help="lay the patches out as other trainers read them")
    export.add_argument("layout", metavar="LAYOUT", help="a wrong one lists those there are")
    export.add_argument("folder", metavar="DIR", help="a new folder; it gets its name when it is whole")
    export.add_argument(
        "-c", "--config", metavar="CONFIG", default=DEFAULT_CONFIG, help="default: %(default)s"
    )
    export.add_argument("--category", metavar="NAME", action="append", default=[], help="of this one alone")
    export.add_argument("--format", metavar="NAME", action="append", default=[], help="of this one alone")
    export.add_argument(
        "--split", choices=("train", "val", "test"), action="append", default=[], help="of this part alone"
    )
    export.add_argument("--json", action="store_true", help="what was written, as JSON")
    export.set_defaults(command=_export)


def _add_demo(commands: Commands) -> None:
    demo = commands.add_parser("demo", help="make a few short films and generate from them")
    demo.add_argument("folder", metavar="DIR", nargs="?", default=DEFAULT_DEMO, help="default: ./%(default)s")
    demo.add_argument("-v", "--verbose", action="store_true", help="a line for every clip")
    demo.set_defaults(command=_demo)


def _share(text: str) -> float:
    share = float(text.removesuffix("%")) / 100
    if not 0 < share < 1:
        message = f"must be a share like 5%, not {text}"
        raise argparse.ArgumentTypeError(message)
    return share


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        message = f"must be 1 or more, not {number}"
        raise argparse.ArgumentTypeError(message)
    return number


# ------------------------------------------------------------------ the commands


def _screen(options: argparse.Namespace) -> int:
    options.json = options.detached = False
    if not (os.isatty(0) and os.isatty(2)):
        return _run(options)
    from tui_gen import screen
    from tui_gen.jobs import read_config

    path = Path(options.config)
    if not path.exists() and options.config == DEFAULT_CONFIG:
        return screen.first_run(f"There is no ./{DEFAULT_CONFIG} here yet.", _scan_then_say, _demo_here)
    config = read_config(path)
    if not config.source_count:
        return screen.first_run(f"{path} lists no videos yet.", _scan_then_say, _demo_here)
    if options.fresh and not _may_start_over(config, options):
        return ExitCode.REFUSED
    return screen.open_screen(config, _flags(options), is_ascii=options.ascii)


def _scan_then_say(folder: str) -> int:
    return main(["scan", folder])


def _demo_here() -> int:
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
    from tui_gen import monitoring
    from tui_gen.jobs import read_config

    path = Path(options.file)
    status_path = path if monitoring.is_status_file(path) else read_config(path).status_path
    if options.json or options.once or not (os.isatty(0) and os.isatty(2)):
        return monitoring.watch(status_path, sys.stdout, is_once=options.once, is_json=options.json)
    from tui_gen import screen

    return screen.monitor(status_path, is_ascii=options.ascii)


def _ctl(options: argparse.Namespace) -> int:
    from tui_gen import ctl
    from tui_gen.jobs import read_config

    order = ctl.Order(options.order, **{
        key: getattr(options, key) for key in ("name", "number", "count", "json") if hasattr(options, key)
    })  # fmt: skip
    sys.stdout.write(f"{ctl.carry_out(read_config(Path(options.config)), order)}\n")
    return ExitCode.DONE


def _run(options: argparse.Namespace) -> int:
    from tui_gen import running
    from tui_gen.jobs import read_config

    config = read_config(Path(options.config))
    request = running.RunRequest(
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
    )
    if options.fresh and not _may_start_over(config, options):
        return ExitCode.REFUSED
    return running.run(request)


def _may_start_over(config: JobConfig, options: argparse.Namespace) -> bool:
    from tui_gen import running

    images, size_bytes = running.what_stands(config)
    if options.yes or not images:
        return True
    return _agreed(f"Set aside {count(images)} images ({size(size_bytes)}) and start over?")


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        message = f"{question} Without a terminal, say so with --yes."
        raise RefusedError(message)
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


def _plan(options: argparse.Namespace) -> int:
    from tui_gen.dry_run import plan_lines
    from tui_gen.jobs import read_config

    lines, is_met = plan_lines(read_config(Path(options.config)))
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return ExitCode.DONE if is_met else ExitCode.WITH_GAPS


def _check(options: argparse.Namespace) -> int:
    from tui_gen.checking import command
    from tui_gen.jobs import DEFAULT_JOB, find_job, read_config

    request = command.CheckRequest(
        sys.stdout, sys.stderr, os.environ, is_json=options.json, may_keep=not options.no_keep
    )
    path = Path(options.config)
    if not path.exists() and options.config == DEFAULT_CONFIG:
        sys.stderr.write(f"There is no ./{DEFAULT_CONFIG} here yet: the machine alone is checked.\n")
        return command.check_machine(find_job(DEFAULT_JOB).tools(), request)
    return command.check(read_config(path), request)


def _scan(options: argparse.Namespace) -> int:
    from tui_gen import scanning
    from tui_gen.jobs import DEFAULT_JOB, ScanRequest, find_job

    request = ScanRequest(
        folders=tuple(Path(folder) for folder in options.folders),
        target=Path(options.output),
        may_update=options.update,
        is_probed=not options.no_probe,
        least_seconds=options.min_seconds,
        keeps_editions=options.all_editions,
    )
    has_terminal = os.isatty(0) and os.isatty(2)
    return scanning.scan(find_job(DEFAULT_JOB), request, is_reviewed=has_terminal and not options.yes)


def _stats(options: argparse.Namespace) -> int:
    from tui_gen import stats
    from tui_gen.jobs import read_config

    asked = stats.Asked(options.score, options.list, is_json=options.json)
    return stats.stats(read_config(Path(options.config)), asked, out=sys.stdout)


def _verify(options: argparse.Namespace) -> int:
    from tui_gen import verifying
    from tui_gen.jobs import read_config

    config = read_config(Path(options.config))
    work = verifying.repair if options.repair else verifying.verify
    return work(config, sample=options.sample, out=sys.stdout, talk=sys.stderr)


def _report(options: argparse.Namespace) -> int:
    from tui_gen import reporting
    from tui_gen.jobs import read_config

    page_path = Path(options.output) if options.output else None
    config = read_config(Path(options.config))
    return reporting.report(config, page_path=page_path, out=sys.stdout, talk=sys.stderr)


def _sheet(options: argparse.Namespace) -> int:
    from tui_gen import reporting
    from tui_gen.jobs import read_config

    request = reporting.SheetRequest(
        folder=Path(options.output) if options.output else None,
        per_category=options.per_category,
        seed=options.seed,
    )
    return reporting.sheet(read_config(Path(options.config)), request, out=sys.stdout, talk=sys.stderr)


def _split(options: argparse.Namespace) -> int:
    from tui_gen import splitting
    from tui_gen.jobs import read_config

    request = splitting.SplitRequest(
        {part: getattr(options, part) for part in ("val", "test", "train")},
        suggested_share=options.suggest,
        is_move=options.move,
        is_json=options.json,
    )
    return splitting.split(read_config(Path(options.config)), request, out=sys.stdout, talk=sys.stderr)


def _export(options: argparse.Namespace) -> int:
    from tui_gen import exporting
    from tui_gen.jobs import ExportRequest, read_config

    request = ExportRequest(
        options.layout,
        Path(options.folder),
        categories=frozenset(options.category),
        formats=frozenset(options.format),
        splits=frozenset(options.split),
    )
    config = read_config(Path(options.config))
    return exporting.export(config, request, is_json=options.json, out=sys.stdout, talk=sys.stderr)


def _demo(options: argparse.Namespace) -> int:
    from tui_gen import running
    from tui_gen.jobs import DEFAULT_JOB, find_job, read_config

    path = find_job(DEFAULT_JOB).make_demo(Path(options.folder), say=_say)
    code = running.run(running.RunRequest(read_config(path), is_verbose=options.verbose))
    if code == ExitCode.DONE:
        _say(f"Look at its patches with: tui-gen sheet {path}")
    return code


def _say(line: str) -> None:
    sys.stdout.write(f"{display_name(line)}\n")
    sys.stdout.flush()


def _complain(text: str) -> None:
    for number, line in enumerate(text.splitlines()):
        sys.stderr.write(f"{'' if number else 'tui-gen: '}{display_name(line)}\n")
