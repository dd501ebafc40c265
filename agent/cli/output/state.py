"""`leakline state inspect` for people: the database, the batch files, and what `recover` would do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.text import Text

from agent.cli.output.console import out
from agent.cli.output.status_parts.status_lines import time
from agent.store.keys import shard_title
from agent.wording.number import counted


def show(document: dict[str, Any], *, running: bool) -> None:
    database, identity = document["database"], document["identity"]
    condition = database["condition"]
    style = "green" if condition == "well" else "bold red"
    out.print(f"state directory  {document['directory']}", markup=False, soft_wrap=True)
    out.print(Text("database         ") + Text("intact" if condition == "well" else condition, style=style))
    for finding in database["findings"]:
        out.print(f"                 {finding}", markup=False, soft_wrap=True)
    if not database["looked_at_whole"]:
        out.print("                 (too large to be examined completely in a minute)")
    if database["values_lost"] is None or database["values_lost"]:
        lost = "an unknown number" if database["values_lost"] is None else f"{database['values_lost']:,}"
        out.print(f"                 values that cannot be read: {lost}")
    for place, known in identity.items():
        if known and known["id"]:
            out.print(f"identity         {known['id']}, start {known['generation']} (by the {place})")
    several = len({lane["org"] for lane in document["named"]}) > 1
    for lane in document["named"]:
        gone = f"; {lane['gone']:,} of the files are missing" if lane["gone"] else ""
        of = f" of {shard_title(lane['org'])}" if several else ""
        out.print(
            f"lane {lane['lane']:<11} {counted(lane['rows'], 'row')} in {counted(lane['files'], 'batch file')}{of}{gone}",
            markup=False,
        )
    for kind in document["unnamed"]:
        of = f" of {shard_title(kind['org'])}" if several else ""
        first, last = (datetime.fromisoformat(kind[end]) for end in ("first", "last"))
        times = f"written {time(first)} to {time(last)}"
        held = f"{counted(kind['rows'], 'row')} in {counted(kind['files'], 'file')}"
        out.print(f"unreferenced     {kind['kind']}{of}: {held}, {times}", soft_wrap=True)
        for path in kind["unreadable"]:
            out.print(f"                 cannot be read: {path}", markup=False, soft_wrap=True)
    if running:
        out.print("A daemon is running: files that it is writing now are listed as unreferenced.")
    for sentence in document["advice"]:
        out.print(f"`recover` would {sentence}", markup=False, soft_wrap=True)
    if not document["advice"]:
        out.print("There is nothing to recover.")
