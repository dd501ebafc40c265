"""What `make reference` writes says what the code does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from typing import get_args

import pytest
from typer.testing import CliRunner

from agent.cli.app import Shell, app
from agent.cli.exit_statuses import BY_COMMAND
from agent.cli.output.schemas import schema
from agent.config.settings import Settings
from agent.problem_kinds import KINDS
from tests.config.test_settings import keys
from tests.reference import metrics_page, settings_page
from tests.reference.command_tree import commands
from tests.reference.pages import PAGES, ROOT
from tests.reference.table import slug


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_what_the_code_does(path: str) -> None:
    """If this fails: `make reference`, and read the difference."""
    assert (ROOT / path).read_text(encoding="utf-8") == PAGES[path]()


def test_every_page_is_made() -> None:
    """No page of the folder is kept by hand."""
    assert {str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "reference").glob("*")} <= PAGES.keys()


def test_every_command_says_what_it_ends_with() -> None:
    """And nothing is said of a command that does not exist."""
    assert [command.path for command in commands() if not command.is_group] == sorted(
        BY_COMMAND, key=[command.path for command in commands()].index
    )


def test_every_argument_and_option_is_explained() -> None:
    """In the help, and so in the man page and the reference."""
    unexplained = [
        f"{command.path} {name}"
        for command in commands()
        for name, text in command.parameters
        if not re.sub(r"\[.*?\]", "", text).strip()
    ]
    assert unexplained == []


def test_help_shows_the_exit_statuses() -> None:
    """Below the options."""
    shown = CliRunner().invoke(app, ["status", "--help"]).output
    for status, meaning in BY_COMMAND["status"].items():
        assert " ".join(f"{status}: {meaning}".split()) in " ".join(shown.split())


def test_every_setting_has_a_row() -> None:
    """Every key of every group, in a table of its own group."""
    page = settings_page.page()
    for section in settings_page.sections(schema("settings")):
        text = page.split(f"## {section.title}\n")[1].split("\n## ")[0]
        assert re.findall(r"^\| `(\w+)`", text, flags=re.MULTILINE)
        for key in section.schema["properties"]:
            assert f"\n| `{key}` | " in text
    assert set(keys(Settings, set())) == set(re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE))


def test_links_within_the_settings_lead_somewhere() -> None:
    """Each to a heading of the page."""
    page = settings_page.page()
    headings = {slug(heading) for heading in re.findall(r"^## (.*)$", page, flags=re.MULTILINE)}
    links = set(re.findall(r"\(#([^)]*)\)", page))
    assert links
    assert links <= headings


def test_every_label_of_a_metric_is_explained() -> None:
    """And none that no metric has."""
    used = {label for metric in metrics_page.all_metrics() for label in metric._labelnames}
    assert used == metrics_page.LABELS.keys()


def test_every_kind_of_problem_has_a_section_to_read_on() -> None:
    """docs/operating.md speaks of each."""
    text = PAGES["docs/reference/problems.md"]()
    assert set(re.findall(r"^\| \[`([a-z-]+)`\]", text, flags=re.MULTILINE)) == KINDS.keys()


def test_the_man_page_is_set_without_a_warning() -> None:
    """groff has nothing to say of it, and names every command."""
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    page = ROOT / "packaging" / "leakline.1"
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-P-c", str(page)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    plain = re.sub(r".\x08|\x1b\[\d*m", "", done.stdout)
    for command in BY_COMMAND:
        assert f"leakline {command}" in plain.replace("‐", "-")


def test_the_wheel_brings_them() -> None:
    """The man page, the completions and the schemas are installed with the command."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    brought = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    made = {path for path in PAGES if path.startswith("packaging/")} | {"packaging/schemas"}
    assert made == brought.keys()
    assert all((ROOT / path).exists() for path in brought)


@pytest.mark.parametrize("shell", get_args(Shell))
def test_completion_is_printed(shell: str) -> None:
    """For each shell, with the name of the command whatever it was started as."""
    shown = CliRunner().invoke(app, ["--show-completion", shell], prog_name="leakline")
    assert shown.exit_code == 0
    assert f"_LEAKLINE_COMPLETE=complete_{shell}" in shown.output


def test_commands_are_completed() -> None:
    """The printed script asks the command itself, which answers without reading settings."""
    asked = {"COMP_WORDS": "leakline ru", "COMP_CWORD": "1", "_LEAKLINE_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-m", "agent"], capture_output=True, text=True, check=True, env={**os.environ, **asked}
    )
    assert done.stdout.split() == ["run", "rules"]
