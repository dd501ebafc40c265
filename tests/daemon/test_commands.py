"""The table of what may be asked of the running daemon."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from inspect import signature

import pytest

from agent.daemon.control.command import ControlCommand, table_of
from tests.daemon.shards import Shards
from tests.imports import FILES

CALLS = {"ask": 1, "call": 0}
"""Functions that make a request, and where among their arguments they name it."""


def named_requests() -> Iterator[str]:
    """Names of requests that the commands for people make, wherever they are written."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
                for argument in node.args[CALLS[node.func.id] :][:1]:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value


def test_every_command_says_what_it_does(shards: Shards) -> None:
    """A docstring, and a name that no other has."""
    table = shards.commands().table()
    assert len(table_of(table)) == len(table)
    for command in table:
        assert (command.run.__doc__ or "").strip(), command.name


def test_clients_ask_for_what_there_is(shards: Shards) -> None:
    """Every request that a command for people makes is in the table, and every entry of it has somebody who asks."""
    from agent.cli.output.dead_letters import DONE
    from agent.daemon.incidents.incident_requests import REQUESTS as INCIDENT_REQUESTS
    from agent.daemon.notices.notice_requests import REQUESTS as NOTICE_REQUESTS
    from agent.daemon.trail.trail_requests import REQUESTS

    known = {command.name for command in shards.commands().table()}
    assert {*named_requests(), *DONE, *REQUESTS, *INCIDENT_REQUESTS, *NOTICE_REQUESTS} == known


def test_two_commands_of_one_name_are_refused() -> None:
    """The second would hide the first."""
    command = ControlCommand("status", dict, changes=False)
    with pytest.raises(ValueError, match="status"):
        table_of([command, command])


def test_no_request_makes_a_drill_of_an_incident(shards: Shards) -> None:
    """From where an incident is, was decided when it opened: it can be asked for, and never said."""
    asking = {command.name for command in shards.commands().table() if "origin" in signature(command.run).parameters}
    assert asking == {"incidents_list"}
