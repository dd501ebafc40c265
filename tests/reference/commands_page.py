"""docs/reference/commands.md: every command with its options, by typer's own generator of documents."""

from __future__ import annotations

from collections.abc import Iterator

import typer
from typer.cli import get_docs_for_click
from typer.core import TyperGroup

from agent.cli.app import app
from tests.reference.table import written_by


def _groups(command: TyperGroup) -> Iterator[TyperGroup]:
    yield command
    yield from (member for member in command.commands.values() if isinstance(member, TyperGroup))


def page() -> str:
    command = typer.main.get_group(app)
    context = typer.Context(command, info_name="leakline")
    text = get_docs_for_click(obj=command, ctx=context, name="leakline", title="Commands")
    head, rest = text.split("\n\n", 1)
    for group in _groups(command):
        for member in group.commands.values():
            whole = (member.help or "").split("\n\n")[0].replace("\n", " ")
            rest = rest.replace(f"* `{member.name}`: {member.get_short_help_str()}\n", f"* `{member.name}`: {whole}\n")
    lines = [line.rstrip() for line in rest.rstrip().splitlines()]
    return "\n".join([head, "", written_by("the code"), *lines, ""])
