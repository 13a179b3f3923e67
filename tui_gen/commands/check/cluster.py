"""`check --cluster`: examines the machines that lend themselves, as a run does before it uses them.

Invariant: the check changes no run. A machine that works for an engine is left alone, and nothing is kept.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import display_name
from tui_gen.commands.check.command import CheckRequest
from tui_gen.commands.cluster import chosen_cluster, cluster_job, exposure_of, refuse_unreachable
from tui_gen.config.cluster_settings import ClusterSettings
from tui_gen.contract.job import JobConfig
from tui_gen.contract.opened_job import OpenedJob
from tui_gen.engine.executors.enlisting import STEPS, EnlistStep, MachineCheck
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.run.session import replay
from tui_gen.views.text.tables import Column, LineWidth, line_width, table_lines, wrapped_lines

INDENT = "    "
CELLS = {True: "ok", False: "NO", None: "-"}
NOBODY = "No machine lends itself: start `tui-gen lend {address}` on each (docs/cluster.md)."
NO_FOLDER = "{output} is not there yet: whether the machines reach it was not examined."


@dataclass(frozen=True, slots=True)
class ClusterFindings:
    """What was found of a cluster."""

    address: str
    machines: Sequence[MachineCheck]
    warnings: Sequence[str]

    @property
    def exit_code(self) -> ExitCode:
        """0 if all machines can work, 2 if none can, 3 if some cannot."""
        usable = [machine.is_usable for machine in self.machines]
        if all(usable) and usable:
            return ExitCode.DONE
        return ExitCode.WITH_GAPS if any(usable) else ExitCode.REFUSED


def check_cluster(config: JobConfig, wanted: str | None, request: CheckRequest) -> int:
    """Examine all machines and print a table; return the exit code. Raises RefusedError.

    `wanted` is the address of the command line, None for the configured one.
    """
    settings = chosen_cluster(config.run, wanted)
    if settings is None:
        message = (
            f'{config.run.path} names no "cluster": write one, or give --cluster ADDRESS (docs/cluster.md)'
        )
        raise RefusedError(message)
    refuse_unreachable(settings)
    state, _ = replay(config.run.run_folder)
    job = cluster_job(_opened(config, state.records), config.run.job)
    from tui_gen.engine.executors.dask import survey

    machines = asyncio.run(survey(job, settings, run_folder=config.run.run_folder, output=config.run.output))
    findings = ClusterFindings(settings.address, machines, tuple(_warnings(config, settings)))
    if request.is_json:
        request.out.write(f"{json_of(findings)}\n")
    else:
        request.out.writelines(f"{line}\n" for line in lines_of(findings, line_width(request.out)))
    request.out.flush()
    return findings.exit_code


def _opened(config: JobConfig, records: Mapping[str, SourceRecord]) -> OpenedJob:
    """Open the job as a run does; where a run asks for --beside, as with that flag. Raises RefusedError."""
    try:
        return config.open(records)
    except RefusedError:
        return config.open(records, may_write_beside=True)


def _warnings(config: JobConfig, settings: ClusterSettings) -> Iterator[str]:
    if (exposure := exposure_of(settings)) is not None:
        yield exposure
    if settings.output == "shared" and not config.run.output.is_dir():
        yield NO_FOLDER.format(output=config.run.output)


# ------------------------------------------------------------------------------------------ text


def lines_of(findings: ClusterFindings, width: LineWidth) -> Iterator[str]:
    """Yield a line for each machine with a column for each step, and below it what is wrong."""
    for warning in findings.warnings:
        yield from wrapped_lines(f"warning: {warning}", width.cells)
    if not findings.machines:
        yield from wrapped_lines(NOBODY.format(address=findings.address), width.cells)
        return
    columns = [
        Column("machine", may_be_cut=True),
        Column("workers", is_number=True),
        Column("cores", is_number=True),
        *(Column(name) for name in STEPS),
    ]
    rows = [_row(machine) for machine in findings.machines]
    heading, *lines = table_lines(columns, rows, width)
    yield heading
    for machine, line in zip(findings.machines, lines, strict=True):
        yield line
        for step in machine.steps:
            if step.passed is False:
                yield from _indented(f"{step.name}: {step.detail}", width.cells)
    yield from wrapped_lines(_summary(findings), width.cells)


def _row(machine: MachineCheck) -> list[str]:
    by_name = {step.name: step for step in machine.steps}
    cells = [CELLS[by_name[name].passed] if name in by_name else "-" for name in STEPS]
    return [machine.name, str(machine.workers), str(machine.cores) if machine.cores else "-", *cells]


def _indented(text: str, cells: int) -> Iterator[str]:
    for line in wrapped_lines(text, cells - len(INDENT)):
        yield f"{INDENT}{line}"


def _summary(findings: ClusterFindings) -> str:
    usable = [machine for machine in findings.machines if machine.is_usable]
    workers = sum(machine.workers for machine in usable)
    text = f"{len(usable)} of {len(findings.machines)} machines can work, with {workers} workers together"
    return f"{text} ({display_name(findings.address)})."


# ------------------------------------------------------------------------------------------ JSON


def json_of(findings: ClusterFindings) -> str:
    """Return the findings as one line of JSON."""
    answer = {
        "schema": 1,
        "ready": findings.exit_code == ExitCode.DONE,
        "address": findings.address,
        "warnings": list(findings.warnings),
        "machines": [
            {
                "name": machine.name,
                "host": machine.host,
                "workers": machine.workers,
                "cores": machine.cores,
                "usable": machine.is_usable,
                "steps": [_step(step) for step in machine.steps],
            }
            for machine in findings.machines
        ],
    }
    return json.dumps(answer, separators=(",", ":"), allow_nan=False)


def _step(step: EnlistStep) -> dict[str, object]:
    return {"name": step.name, "passed": step.passed, "detail": step.detail}
