"""The commands with their options, as typer knows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import typer
from typer.core import TyperCommand, TyperGroup

from agent.cli.app import app


@dataclass(frozen=True)
class CommandHelp:
    """One command or group of commands."""

    path: str
    """Such as `rules list`; empty for `leakline` itself."""
    usage: str
    help: str
    parameters: tuple[tuple[str, str], ...]
    """Names and help of arguments and options, but for `--help`."""
    is_group: bool


def commands() -> Iterator[CommandHelp]:
    """`leakline` itself, then each group before its commands."""
    root = typer.main.get_group(app)
    yield from _below(root, "", typer.Context(root, info_name="leakline"))


def _below(command: TyperCommand | TyperGroup, path: str, context: typer.Context) -> Iterator[CommandHelp]:
    records = [parameter.get_help_record(context) for parameter in command.params]
    usage = " ".join(command.collect_usage_pieces(context))
    is_group = isinstance(command, TyperGroup)
    yield CommandHelp(path, usage, command.help or "", tuple(record for record in records if record), is_group)
    if isinstance(command, TyperGroup):
        for name, member in command.commands.items():
            assert isinstance(member, TyperCommand | TyperGroup)
            below = typer.Context(member, info_name=name, parent=context)
            yield from _below(member, f"{path} {name}".strip(), below)
