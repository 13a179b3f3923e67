"""The arguments of `export`, whose help lists the layouts of every job."""

from __future__ import annotations

import argparse

from tui_gen.cli.argument_types import CONFIG_HELP, DEFAULT_CONFIG, Commands, names, positive


def add_export(commands: Commands) -> None:
    """Add the command `export`."""
    export = commands.add_parser(
        "export",
        help="lay the patches out as other trainers read them",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    export.add_argument("-h", "--help", action=_HelpAction, help="show this help message and exit")
    export.add_argument("layout", metavar="LAYOUT", help="such as neosr, webdataset, kohya; --help lists all")
    export.add_argument("folder", metavar="DIR", help="a new folder; it gets its name when it is whole")
    export.add_argument("-c", "--config", metavar="CONFIG", default=DEFAULT_CONFIG, help=CONFIG_HELP)
    export.add_argument("--category", metavar="NAME", action="append", default=[], help="of this one alone")
    export.add_argument("--format", metavar="NAME", action="append", default=[], help="of this one alone")
    export.add_argument(
        "--split", choices=("train", "val", "test"), action="append", default=[], help="of this part alone"
    )
    export.add_argument("--merge", action="store_true", help="one tree for all categories and formats")
    export.add_argument(
        "--crop",
        metavar="PIXELS",
        type=positive,
        help="squares of the patches, aligned in all files",
    )
    export.add_argument(
        "--stride", metavar="PIXELS", type=positive, help="from one square to the next; default: as --crop"
    )
    export.add_argument("--kinds", metavar="KIND,...", type=names, default=(), help="of files; default: all")
    export.add_argument(
        "--lr", metavar="NAME", help="superres: the LR to write, such as x2 or h264; default: the plain one"
    )
    export.add_argument("--tiles", action="store_true", help="webdataset: each frame of a stack as a file")
    export.add_argument("--embed", action="store_true", help="parquet: the pictures in the table")
    export.add_argument(
        "--shard-mb", metavar="MB", type=positive, help="the most megabytes of a shard; default: 1000"
    )
    export.add_argument("--json", action="store_true", help="what was written, as JSON")


class _HelpAction(argparse._HelpAction):  # noqa: SLF001 - argparse offers no other way
    """Prints the help with the layouts of every job, which only the jobs know."""

    def __call__(self, parser: argparse.ArgumentParser, *arguments: object) -> None:
        """Print the help, and exit."""
        from tui_gen.contract.registry import find_job, job_names

        lines = list[str]()
        for name in job_names():
            layouts = find_job(name).capabilities().layouts
            if layouts is not None:
                lines.append(f"layouts of the job {name}:")
                lines += [f"  {layout.name:<15} {layout.text}" for layout in layouts()]
        parser.epilog = "\n".join(lines)
        super().__call__(parser, *arguments)  # type: ignore[arg-type] # it takes what argparse gives
