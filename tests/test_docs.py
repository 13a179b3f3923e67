"""What the pages of docs/ say is so: all are listed, no link leads nowhere, and the code in them runs."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tui_gen.cli.arguments import COMMANDS
from tui_gen.cli.reference import reference
from tui_gen.contract.capabilities import Capabilities, JobCapabilities
from tui_gen.contract.registry import find_job, read_config
from tui_gen.tui.actions import IDS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
ALL_PAGES = [ROOT / "README.md", *PAGES]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """Return what the headings of a page are called in links."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_commands_are_not_stale() -> None:
    command = "python -m tui_gen.cli.reference > docs/commands.md"
    assert text_of(DOCS / "commands.md") == reference(), f"renew it: {command}"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_its_section(command: str) -> None:
    assert re.search(rf"^### `tui-gen {command}[ `]", text_of(DOCS / "commands.md"), re.MULTILINE)


@pytest.mark.parametrize("name", sorted(IDS))
def test_every_key_can_be_found_by_its_id(name: str) -> None:
    assert f"| `{name}` |" in text_of(DOCS / "commands.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_is_listed(page: Path) -> None:
    assert page.name == "index.md" or f"]({page.name})" in text_of(DOCS / "index.md")


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_no_link_leads_nowhere(page: Path) -> None:
    for link in LINK.findall(text_of(page)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_every_file_of_the_program_that_is_named_is_there(page: Path) -> None:
    program = ROOT / "tui_gen"
    places = [ROOT, ROOT / "benchmarks", program, *(path for path in program.rglob("*") if path.is_dir())]
    for name in re.findall(r"`((?:\w+/)*\w+\.(?:py|tcss))`", text_of(page)):
        assert any((place / name).exists() for place in places), name


def test_the_page_of_rooms_names_a_file_for_each_change() -> None:
    page = text_of(DOCS / "architecture.md")
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| to ")]
    named = [re.findall(r"`((?:\w+/)*\w+\.(?:py|tcss))`", row) for row in rows]
    assert len(rows) >= 40
    assert all(named)
    for path in (path for paths in named for path in paths):
        assert (ROOT / "tui_gen" / path).is_file() or (ROOT / path).is_file(), path


def test_the_page_of_rooms_draws_every_room() -> None:
    drawn = text_of(DOCS / "architecture.md").partition("```")[2].partition("```")[0]
    rooms = {path.name for path in (ROOT / "tui_gen").iterdir() if (path / "__init__.py").is_file()}
    assert rooms <= set(re.findall(r"\w+", drawn)), rooms


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_every_flag_that_is_named_is_one(page: Path) -> None:
    known = set(re.findall(r"(?<=[`\s])--?[a-z][a-z-]*", reference())) | {"--help", "-h"}
    for command in re.findall(r"tui-gen(?: [^`\n#]*)?", text_of(page)):
        assert set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", command)) <= known, command


@pytest.mark.parametrize("picture", sorted((DOCS / "pictures").glob("*.svg")), ids=lambda path: path.name)
def test_pictures_refer_to_nothing(picture: Path) -> None:
    drawn = text_of(picture)
    assert drawn.startswith("<svg")
    assert "url(http" not in drawn
    assert not {"<script", "<image", "@import"} & set(re.findall(r"<\w+|@\w+", drawn))


# ------------------------------------------------------------------ the job of adding-a-job.md


def first_job_of_the_page() -> str:
    return text_of(DOCS / "adding-a-job.md").partition("## Several stages")[0]


@pytest.fixture
def checksums(tmp_path: Path) -> Path:
    """Install the page's job as a package index would: a module, and an entry point beside it."""
    code = re.findall(r"^```python\n(.*?)^```$", first_job_of_the_page(), re.DOTALL | re.MULTILINE)
    (entry_point,) = re.findall(
        r"^```toml\n\[project\.entry-points\.\"tui_gen\.jobs\"\]\n(.*?)^```$",
        text_of(DOCS / "adding-a-job.md"),
        re.DOTALL | re.MULTILINE,
    )
    folder = tmp_path / "packages"
    meta = folder / "checksums-0.1.dist-info"
    meta.mkdir(parents=True)
    (folder / "checksums.py").write_text("\n\n".join(code), encoding="utf-8")
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: checksums\nVersion: 0.1\n", encoding="utf-8")
    (meta / "entry_points.txt").write_text(
        f"[tui_gen.jobs]\n{entry_point.replace(chr(34), '')}", encoding="utf-8"
    )
    return folder


def run(packages: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(packages)}
    return subprocess.run(
        [sys.executable, "-m", "tui_gen", *arguments],
        cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def configure(folder: Path) -> Path:
    film = folder / "film.mkv"
    film.write_bytes(os.urandom(5 << 19))
    path = folder / "config.json"
    config = {"job": "checksums", "output": "sums", "files": [str(film)]}
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def test_the_job_of_the_page_runs_resumes_and_leaves_a_report(checksums: Path, tmp_path: Path) -> None:
    configure(tmp_path)

    planned = run(checksums, tmp_path, "plan", "config.json")
    assert (planned.returncode, planned.stderr) == (0, "")
    assert "3 to make, 0 made" in planned.stdout

    first = run(checksums, tmp_path, "run", "config.json", "--limit", "1")
    assert first.returncode == 0, first
    second = run(checksums, tmp_path, "run", "config.json")
    assert second.returncode == 0, second
    assert "Resuming: 1 checksum of 1 piece are made" in second.stdout
    assert "Dataset generation complete" in second.stdout
    names = sorted(path.name for path in (tmp_path / "sums" / "sums").iterdir())
    assert names == [f"film.mkv.{number:04d}.txt" for number in range(3)]
    assert (tmp_path / "sums" / ".tui-gen" / "report.html").is_file()


OF_OTHER_JOBS = {"describer", "group_reviewer", "next_steps"}
"""Capabilities for which superres has no use: its patches are not divided into groups, for example."""


def test_the_page_names_every_capability_and_superres_offers_each_it_has_a_use_for() -> None:
    page = text_of(DOCS / "adding-a-job.md")
    offered = (
        (Capabilities, read_config(ROOT / "generator_config.json").capabilities),
        (JobCapabilities, find_job("superres").capabilities()),
    )
    for kind, capabilities in offered:
        for field in dataclasses.fields(kind):
            assert re.search(rf"^\|.*`{field.name}`", page, re.MULTILINE), field.name
            is_offered = getattr(capabilities, field.name) is not None
            assert is_offered == (field.name not in OF_OTHER_JOBS), field.name


def test_the_page_names_the_module_of_every_protocol() -> None:
    page = text_of(DOCS / "adding-a-job.md")
    named = set(re.findall(r"`tui_gen/contract/(\w+)\.py`", page))
    modules = {path.stem for path in (ROOT / "tui_gen" / "contract").glob("*.py")}
    assert modules - {"__init__", "job", "opened_job", "registry"} == named
