"""`leakline schema`: JSON schemas of what people write, and of what programs read."""

from __future__ import annotations

import typer

from agent.cli.output.console import print_json
from agent.cli.output.schemas import schema

app = typer.Typer(help="Print JSON schemas, for editors and programs.", no_args_is_help=True)


@app.command()
def settings() -> None:
    """The settings file: every key with its meaning, its default and its bounds."""
    print_json(schema("settings"))


@app.command()
def org() -> None:
    """A file of the folder orgs.d beside the settings file: one org, with the keys of an entry under `orgs`."""
    print_json(schema("org"))


@app.command()
def mapping() -> None:
    """A mapping file, as mappings/README.md describes it."""
    print_json(schema("mapping"))


@app.command()
def rule() -> None:
    """A document of a rule file: a Sigma rule, filter or correlation, or a baseline."""
    print_json(schema("rule"))


@app.command()
def status() -> None:
    """What `leakline status --json` prints."""
    print_json(schema("status"))
