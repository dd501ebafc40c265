"""`leakline status`: what is wrong, and whether every row is accounted for."""

from __future__ import annotations

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load
from agent.cli.output.console import out, print_json
from agent.errors import LeaklineError
from agent.exit_status import FAILED, FINE, FOUND


def status(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Show what is wrong, then orgs, sources and destinations, and whether every row is accounted for."""
    from agent.cli.output.status import show
    from agent.daemon import status as daemon_status
    from agent.status_document import encode

    settings = load(config)
    try:
        document = daemon_status.document(settings)
    except LeaklineError as error:
        if as_json:
            print_json(daemon_status.error_document(error))
            raise typer.Exit(FAILED) from error
        raise
    if as_json:
        print_json(encode(document))
    else:
        show(document, out)
    raise typer.Exit(FINE if document.is_well else FOUND)
