"""The arguments of every command: their names, what they take, and the one line of help each has.

Invariant: what is written here is all that is known of the command line; the reference is made from it.
"""

from __future__ import annotations

import argparse

from tui_gen import __version__
from tui_gen.cli.argument_types import (
    CONFIG_HELP,
    DEFAULT_CONFIG,
    Commands,
    cells,
    cluster,
    machine_name,
    port,
    positive,
    scheduler,
    share,
    speed,
)
from tui_gen.cli.export_arguments import add_export

COMMANDS = frozenset(
    {
        *("screen", "run", "monitor", "top", "ctl"),
        *("scan", "check", "plan", "demo"),
        *("verify", "stats", "report", "sheet"),
        *("export", "split", "review", "serve", "replay", "lend"),
    }
)
DEFAULT_DEMO = "tui-gen-demo"
JOB_HELP = "the job, if there is no configuration yet; default: superres"
NAME_HELP = "the video: its id, its name or a part of it that no other has"
EPILOG = """exit codes:
  0 done   1 internal error   2 usage, configuration or recipe   3 finished with gaps
  4 stopped, resumable   5 damage found   11 locked by a live engine   129/130/143 ended by a signal
"""


def with_command(arguments: list[str]) -> list[str]:
    """Put in the command that `tui-gen`, `tui-gen CONFIG` and `tui-gen CONFIG CONFIG ...` leave out."""
    first = arguments[0] if arguments else ""
    if first in COMMANDS or first in {"-h", "--help", "--version"}:
        return arguments
    names = [word for word in arguments[:2] if not word.startswith("-")]
    return ["top" if len(names) > 1 else "screen", *arguments]


def meant_command(first: str) -> str | None:
    """Return the command that a first word is a slip of, or None where it is a command, a flag or a file."""
    if first in COMMANDS or first.startswith("-") or set(first) & set("./\\"):
        return None
    from difflib import get_close_matches

    return next(iter(get_close_matches(first, sorted(COMMANDS), 1)), None)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="tui-gen",
        usage="tui-gen [CONFIG] [flags of run]   or   tui-gen CONFIG CONFIG ...   or   tui-gen COMMAND ...",
        description="Turns libraries of UHD and HDR films into training sets for video super-resolution.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"tui-gen {__version__}")
    commands = top.add_subparsers(
        title="commands", metavar="COMMAND", required=True, dest="command", prog="tui-gen"
    )
    _add_screen(commands)
    _add_run(commands)
    _add_monitor(commands)
    _add_top(commands)
    _add_ctl(commands)
    _add_plan(commands)
    _add_check(commands)
    _add_scan(commands)
    _add_verify(commands)
    _add_stats(commands)
    _add_report(commands)
    _add_sheet(commands)
    _add_split(commands)
    add_export(commands)
    _add_review(commands)
    _add_serve(commands)
    _add_replay(commands)
    _add_demo(commands)
    _add_lend(commands)
    _describe(commands)
    return top


def _describe(commands: Commands) -> None:
    """Let the help of each command begin with what the list of all says of it."""
    for listed in commands._choices_actions:  # noqa: SLF001 - argparse offers no other way
        said = listed.help or ""
        ending = "" if said.endswith("?") else "."
        commands.choices[listed.dest].description = f"{said[:1].upper()}{said[1:]}{ending}"


def _take_config(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", metavar="CONFIG", nargs="?", default=DEFAULT_CONFIG, help=CONFIG_HELP)


def _add_screen(commands: Commands) -> None:
    screen = commands.add_parser(
        "screen", help="the screen: start the run, or attach to the one running; this is the default"
    )
    _take_config(screen)
    _add_run_flags(screen)
    _add_ascii(screen)


def _add_ascii(command: argparse.ArgumentParser) -> None:
    command.add_argument("--ascii", action="store_true", help="draw with ASCII alone")


def _add_monitor(commands: Commands) -> None:
    monitor = commands.add_parser("monitor", help="watch a run through its status file, every 2 s")
    monitor.add_argument("file", metavar="CONFIG|STATUS", nargs="?", default=DEFAULT_CONFIG, help=CONFIG_HELP)
    monitor.add_argument("--once", action="store_true", help="look once, as text")
    monitor.add_argument("--json", action="store_true", help="the status file's content; with --once, once")
    _add_ascii(monitor)


def _add_top(commands: Commands) -> None:
    top = commands.add_parser(
        "top",
        help="several runs in one list: the engines of this machine, or the runs of some configurations",
    )
    top.add_argument(
        "configs",
        metavar="CONFIG",
        nargs="*",
        help="list these runs; without any, your engines on this machine",
    )
    top.add_argument("--once", action="store_true", help="look once, as text")
    top.add_argument("--json", action="store_true", help="look once, as JSON")
    _add_ascii(top)


def _add_ctl(commands: Commands) -> None:
    ctl = commands.add_parser("ctl", help="steer the running engine from a shell")
    ctl.add_argument("-c", "--config", metavar="CONFIG", default=DEFAULT_CONFIG, help=CONFIG_HELP)
    orders = ctl.add_subparsers(title="orders", metavar="ORDER", required=True, dest="order")
    orders.add_parser("pause", help="stop pulling; CPU falls to zero within one clip")
    orders.add_parser("resume", help="go on after a pause")
    orders.add_parser("drain", help="finish the clips in hand, save and end")
    orders.add_parser("stop", help="end now; the clips in hand are made again in the next run")
    workers = orders.add_parser("workers", help="work with N workers")
    workers.add_argument("count", metavar="N", type=int)
    workers.add_argument(
        "--on",
        metavar="MACHINE",
        dest="machine",
        help="of one machine of a cluster, not of all together",
    )
    workers.add_argument("--yes", action="store_true", help="also more than memory and cores bear")
    machines = orders.add_parser("machines", help="list the machines of a cluster")
    machines.add_argument("--json", action="store_true", help="everything, as JSON")
    orders.add_parser("skip", help="leave a video out").add_argument("name", metavar="NAME", help=NAME_HELP)
    orders.add_parser("unskip", help="take a skipped video back in").add_argument(
        "name", metavar="NAME", help=NAME_HELP
    )
    priority = orders.add_parser("priority", help="give a video priority N, 0 (first) to 255")
    priority.add_argument("name", metavar="NAME", help=NAME_HELP)
    priority.add_argument("number", metavar="N", type=int)
    retry = orders.add_parser("retry", help="try again what failed, of one video or of all")
    retry.add_argument("name", metavar="NAME", nargs="?", help=f"{NAME_HELP}; all, where it is left away")
    status = orders.add_parser("status", help="say how the run stands")
    status.add_argument("--json", action="store_true", help="everything, as JSON")
    _describe(orders)


def _add_run(commands: Commands) -> None:
    run = commands.add_parser("run", help="generate in the foreground, reporting line by line")
    _take_config(run)
    run.add_argument("--json", action="store_true", help="the status as a line of JSON every few seconds")
    run.add_argument("--detached", action="store_true", help=argparse.SUPPRESS)
    _add_run_flags(run)


def _add_run_flags(run: argparse.ArgumentParser) -> None:
    run.add_argument("--limit", metavar="N", type=positive, help="end after N clips")
    run.add_argument("--only", metavar="NAME", help="work on one video alone: its id, name or a part of it")
    run.add_argument("--workers", metavar="N", type=positive, help="begin with N workers")
    _add_cluster(run)
    run.add_argument("--fresh", action="store_true", help="rename what exists and start over")
    run.add_argument("--yes", action="store_true", help="do not ask before --fresh")
    run.add_argument("--mix", action="store_true", help="go on although the recipe has changed")
    run.add_argument("--beside", action="store_true", help="write next to files that no ledger owns")
    run.add_argument("-v", "--verbose", action="store_true", help="a line for every clip")


def _add_cluster(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--cluster",
        metavar="ADDRESS",
        type=cluster,
        help="work on the machines of this dask scheduler, like tcp://nas:8786; none: on this one alone",
    )


def _add_plan(commands: Commands) -> None:
    plan = commands.add_parser("plan", help="dry run: what would be made, and what cannot be met")
    _take_config(plan)
    plan.add_argument(
        "--mix", action="store_true", help="plan a run that goes on although the recipe has changed"
    )


def _add_check(commands: Commands) -> None:
    check = commands.add_parser("check", help="is this machine ready, and what can be made of every video?")
    _take_config(check)
    check.add_argument("--json", action="store_true", help="everything that was found, as JSON")
    check.add_argument("--no-keep", action="store_true", help="do not keep what was found for the run")
    check.add_argument("--job", metavar="NAME", help=JOB_HELP)
    check.add_argument(
        "--cluster",
        metavar="ADDRESS",
        nargs="?",
        const=True,  # as configured
        type=scheduler,
        help="check only the machines that lend themselves; default: to the configured scheduler",
    )


def _add_scan(commands: Commands) -> None:
    scan = commands.add_parser("scan", help="make a configuration from a folder of films")
    scan.add_argument("folders", metavar="DIR", nargs="+", help="looked through with all folders below")
    scan.add_argument(
        "-o", "--output", metavar="CONFIG", default=DEFAULT_CONFIG, help="written to; default: %(default)s"
    )
    scan.add_argument("--update", action="store_true", help="add what is new to a configuration with videos")
    scan.add_argument("--yes", action="store_true", help="save what was found without a review on the screen")
    scan.add_argument(
        "--all-editions", action="store_true", help="take every copy of a film, not the best one"
    )
    scan.add_argument(
        "--min-seconds", metavar="N", type=float, default=60.0, help="leave out shorter films (default: 60)"
    )
    scan.add_argument("--no-probe", action="store_true", help="probe no file: fast, but lengths stay unknown")
    scan.add_argument("--no-follow", action="store_true", help="do not search folders that links lead to")
    scan.add_argument("--job", metavar="NAME", help=JOB_HELP)


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


def _add_verify(commands: Commands) -> None:
    verify = commands.add_parser("verify", help="hold every recorded patch against its files")
    _take_config(verify)
    verify.add_argument("--repair", action="store_true", help="make missing and damaged patches again")
    verify.add_argument("--sample", metavar="N", type=positive, help="check N patches chosen at random")


def _add_report(commands: Commands) -> None:
    report = commands.add_parser("report", help="what a run came to, as text and as a page for a browser")
    _take_config(report)
    report.add_argument(
        "-o", "--output", metavar="FILE", help="the page; default: .tui-gen/report.html in the output folder"
    )


def _add_sheet(commands: Commands) -> None:
    sheet = commands.add_parser("sheet", help="a contact sheet: patches to look at, as pictures and a page")
    _take_config(sheet)
    sheet.add_argument("-o", "--output", metavar="DIR", help="default: .tui-gen/sheet in the output folder")
    sheet.add_argument(
        "--per-category", metavar="N", type=positive, default=12,
        help="N at random, and a third of it at each end of each score; default: %(default)s",
    )  # fmt: skip
    sheet.add_argument(
        "--seed", metavar="N", type=int, help="another random sample; default: the configuration's"
    )


def _add_split(commands: Commands) -> None:
    split = commands.add_parser("split", help="which videos are kept for validation or a test; choose them")
    split.add_argument("-c", "--config", metavar="CONFIG", default=DEFAULT_CONFIG, help=CONFIG_HELP)
    for part, purpose in (
        ("val", "keep for validation"),
        ("test", "keep for a test"),
        ("train", "take back"),
    ):
        split.add_argument(f"--{part}", metavar="NAME", nargs="+", action="extend", default=[], help=purpose)
    split.add_argument("--suggest", metavar="SHARE", type=share, help="name films to keep, like 5%%")
    split.add_argument("--move", action="store_true", help="move patches to the part their video belongs to")
    split.add_argument("--json", action="store_true", help="the list as JSON")


def _add_review(commands: Commands) -> None:
    review = commands.add_parser(
        "review", help="look through the groups of images, and rename, merge, move and drop by hand"
    )
    _take_config(review)
    review.add_argument("--list", action="store_true", help="the groups as a table, without the screen")
    review.add_argument("--json", action="store_true", help="the groups as JSON, without the screen")
    _add_ascii(review)


def _add_serve(commands: Commands) -> None:
    serve = commands.add_parser("serve", help="the screen in a browser: attach to a run, and start none")
    _take_config(serve)
    serve.add_argument(
        "--host", metavar="ADDRESS", default="127.0.0.1",
        help="listen there; any address but this machine's own gets a token; default: %(default)s",
    )  # fmt: skip
    serve.add_argument(
        "--port", metavar="N", type=port, default=8642, help="0 takes a free one; default: %(default)s"
    )
    serve.add_argument(
        "--token", metavar="TOKEN", help="pages need it, 16 letters or more; default: a random one"
    )
    serve.add_argument("--steer", action="store_true", help="let keys steer; without it, pages only show")
    serve.add_argument("--review", action="store_true", help="the review of groups; needs --steer")
    serve.add_argument("--page", action="store_true", help=argparse.SUPPRESS)


def _add_replay(commands: Commands) -> None:
    replay = commands.add_parser("replay", help="the run again from its ledger, as the screen showed it")
    _take_config(replay)
    replay.add_argument(
        "--speed", metavar="N", type=speed, help="N times as fast as it was; default: the whole run in 60 s"
    )
    replay.add_argument("--svg", metavar="FILE", help="write one moment as a picture, and open no screen")
    replay.add_argument(
        "--at", metavar="TIME", default="100%",
        help='the moment: 40%%, "day 2 14:03" or "2026-11-24 14:03"; default: the end',
    )  # fmt: skip
    replay.add_argument(
        "--size", metavar="WxH", type=cells, default=(120, 36), help="of the picture; default: 120x36"
    )
    _add_ascii(replay)


def _add_demo(commands: Commands) -> None:
    demo = commands.add_parser("demo", help="make a few short films and generate from them")
    demo.add_argument("folder", metavar="DIR", nargs="?", default=DEFAULT_DEMO, help="default: ./%(default)s")
    demo.add_argument("--job", metavar="NAME", help=JOB_HELP)
    demo.add_argument("-v", "--verbose", action="store_true", help="a line for every clip")
    _add_cluster(demo)


def _add_lend(commands: Commands) -> None:
    lend = commands.add_parser("lend", help="lend this machine to the runs of a dask scheduler")
    lend.add_argument(
        "address", metavar="ADDRESS", type=scheduler, help="the scheduler's, like tcp://nas:8786"
    )
    lend.add_argument(
        "--name", metavar="NAME", type=machine_name, help="of this machine; default: the host's name"
    )
    lend.add_argument(
        "--workers", metavar="K", type=positive, help="lend so many; default: the cores but one"
    )
    lend.add_argument("--port", metavar="P", type=port, help="let the scheduler connect there; default: any")
    lend.add_argument("--tls-ca", metavar="FILE", help="the certificate of your authority, for tls://")
    lend.add_argument("--tls-cert", metavar="FILE", help="the certificate of this machine, for tls://")
    lend.add_argument("--tls-key", metavar="FILE", help="the private key of this machine, for tls://")
