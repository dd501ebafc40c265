"""`leakline schema`: JSON schemas of what people write, and of what programs read."""

from __future__ import annotations

import typer

from agent.cli.output.console import print_json

app = typer.Typer(help="JSON schemas, for editors and programs.", no_args_is_help=True)


@app.command()
def settings() -> None:
    """The settings file: every key with its meaning, its default and its bounds."""
    from agent.config.schema import settings_schema

    print_json(settings_schema())


@app.command()
def mapping() -> None:
    """A mapping file (mappings/README.md)."""
    from agent.normalize.mapping.document import MappingText

    print_json(MappingText.model_json_schema())


@app.command()
def status() -> None:
    """What `leakline status --json` prints."""
    from agent.status_document import status_schema

    print_json(status_schema())
