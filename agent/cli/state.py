"""`leakline state`: looking at a state directory that is damaged, and going on with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import typer
from rich.text import Text

from agent.cli.options import DEFAULT_PATH, AsJson, Config, load, out, print_json, quiet

app = typer.Typer(help="What is in the state directory, and going on after damage.", no_args_is_help=True)


@app.command()
def inspect(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """The database, the batch files it names and those it does not, and what `recover` would do. Changes nothing.

    Exit status 0: nothing to do; 1: `recover` has something to do; 3: it cannot tell.
    """
    from agent.daemon.control import is_there
    from agent.store.recovery import inspection

    settings = load(config)
    document = inspection.inspect(settings.state.directory)
    running = is_there(settings.state.socket())
    if as_json:
        print_json(document | {"running": running})
    else:
        _show(document, running=running)
    raise typer.Exit(1 if document["advice"] else 0)


@app.command()
def recover(config: Config = DEFAULT_PATH) -> None:
    """Make the state usable again and take in what lies beside it; the daemon must not run. Nothing is deleted."""
    from agent.store.recovery.recover import recover as recover_state

    quiet()
    settings = load(config)
    lanes = {destination.name: destination.lanes for destination in settings.destinations}
    done = recover_state(settings.state.directory, lanes, lambda: datetime.now(UTC))
    for sentence in done.sentences():
        out.print(f"recovered: {sentence}", markup=False, soft_wrap=True)
    if done.nothing:
        out.print("There was nothing to recover.")
    else:
        out.print("Start the daemon now; it sends an event about this. Rows may come twice, with the same ids.")


def _show(document: dict[str, Any], *, running: bool) -> None:
    from agent.cli.status_lines import time

    database, identity = document["database"], document["identity"]
    condition = database["condition"]
    style = "green" if condition == "well" else "bold red"
    out.print(f"state directory  {document['directory']}", markup=False, soft_wrap=True)
    out.print(Text("database         ") + Text(condition, style=style))
    for finding in database["findings"]:
        out.print(f"                 {finding}", markup=False, soft_wrap=True)
    if not database["looked_at_whole"]:
        out.print("                 (too large to be looked at as a whole in a minute)")
    if database["values_lost"] is None or database["values_lost"]:
        lost = "nobody knows how many" if database["values_lost"] is None else f"{database['values_lost']:,}"
        out.print(f"                 values that cannot be read: {lost}")
    for place, known in identity.items():
        if known and known["id"]:
            out.print(f"identity         {known['id']}, start {known['generation']} (by the {place})")
    for lane in document["named"]:
        gone = f"; {lane['gone']:,} of the files are gone" if lane["gone"] else ""
        out.print(f"lane {lane['lane']:<11} {lane['rows']:,} rows in {lane['files']:,} batch files{gone}")
    for kind in document["unnamed"]:
        times = f"written {time(kind['first'])} to {time(kind['last'])}"
        out.print(
            f"not named        {kind['kind']}: {kind['rows']:,} rows in {kind['files']:,} files, {times}",
            soft_wrap=True,
        )
        for path in kind["unreadable"]:
            out.print(f"                 cannot be read: {path}", markup=False, soft_wrap=True)
    if running:
        out.print("A daemon is running: files it is just writing are listed as not named.")
    for sentence in document["advice"]:
        out.print(f"`recover` would {sentence}", markup=False, soft_wrap=True)
    if not document["advice"]:
        out.print("There is nothing to recover.")
