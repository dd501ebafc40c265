"""`leakline state`: looking at a state directory that is damaged, and going on with it."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load
from agent.cli.output.console import out, print_json, quiet
from agent.exit_status import FINE, FOUND

app = typer.Typer(help="Inspect the state directory, and recover it after damage.", no_args_is_help=True)


@app.command()
def inspect(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Show the database, the batch files it names and does not name, and what `recover` would do. Changes nothing."""
    from agent.cli.output.state import show
    from agent.daemon.control.client import is_there
    from agent.store.recovery import inspection

    settings = load(config)
    document = inspection.inspect(settings.state.directory)
    running = is_there(settings.state.socket())
    if as_json:
        print_json(document | {"running": running})
    else:
        show(document, running=running)
    raise typer.Exit(FOUND if document["advice"] else FINE)


@app.command()
def recover(config: Config = DEFAULT_PATH) -> None:
    """Make the state usable again, with the batch files that it lost; stop the daemon first. Nothing is deleted."""
    from agent.store.recovery.books import Destinations
    from agent.store.recovery.recover import recover as recover_state

    quiet()
    settings = load(config)

    def destinations(shard: str) -> Destinations:
        return {wanted.name: wanted.lanes for wanted in settings.destinations if wanted.takes(shard)}

    done = recover_state(settings.state.directory, destinations, lambda: datetime.now(UTC))
    for sentence in done.sentences():
        out.print(f"recovered: {sentence}", markup=False, soft_wrap=True)
    if done.nothing:
        out.print("There was nothing to recover.")
    else:
        out.print("Start the daemon now; it sends an event about this. Rows may come twice, with the same ids.")
