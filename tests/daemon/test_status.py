"""The status document over several orgs, and what people are shown of it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from agent.cli.output import dead_letters
from agent.cli.output.status import show
from agent.config.settings import Settings
from agent.daemon import status
from agent.daemon.control.server import ControlServer
from agent.errors import LeaklineError
from agent.model import LANES
from agent.status_document import StatusDocument, decode, encode, status_schema
from tests.config.test_settings import minimal
from tests.daemon.shards import LoopStatus, Shards


def takes(destination: str, shard: str) -> bool:
    """`mine` takes acme's rows only."""
    return destination != "mine" or shard == "acme"


def shown(document: StatusDocument, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, force_terminal=True, color_system=None)
    show(document, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_sums_are_over_all_shards_and_each_org_has_its_part(shards: Shards) -> None:
    """Read, spooled and delivered rows add up at the top; an org's own are in `orgs`, Leakline's in `own`."""
    shards.read("acme", 5, malformed=1)
    shards.read("other", 3)
    shards.read("", 2)
    shards.send("acme", "siem", refused=[0])
    document = shards.commands(LoopStatus("siem")).document()
    assert document.balanced
    assert {(row.source, row.read) for row in document.read} == {("acme/list", 6), ("other/list", 3), ("/list", 2)}
    (siem,) = document.destinations
    # Of acme two events about dead letters are still to be made; those of the lane `alerts` are not counted here.
    assert (siem.lanes["events"].acknowledged, siem.lanes["events"].dead_lettered) == (4, 1)
    acme, other = document.orgs
    assert (acme.name, acme.dead_letters, acme.lanes["events"]) == ("acme", 2, 5)
    assert (other.name, other.dead_letters, other.lanes["events"]) == ("other", 0, 3)
    assert document.own is not None
    assert document.own.lanes["events"] == 2
    assert document.lanes == {lane: sum(part.lanes[lane] for part in (acme, other, document.own)) for lane in LANES}
    assert document.state.dead_letters == 2
    assert acme.problem == "dead-letters"
    assert other.problem == ""


def test_a_source_is_not_ok_while_a_part_of_it_is_not_read(shards: Shards) -> None:
    """Whose problem is open by the names of the source and of the part; another source is."""
    shards.read("acme", 1)
    shards.read("other", 1)
    with shards.loops["acme"].state.transact():
        shards.stores["acme"].problems.report("object-not-read", "acme/list LoginHistory", "LoginHistory is not read")
    document = shards.commands(LoopStatus("siem")).document()
    lines = [line for line in shown(document, 160).splitlines() if "/list " in line and "LoginHistory" not in line]
    assert [("object-not-read" in line, "ok" in line) for line in lines] == [(True, False), (False, True)]
    assert not document.is_well


def test_rows_that_a_destination_does_not_take_are_filtered_in_its_sum(shards: Shards) -> None:
    """For each destination read rows are accounted for to the row, whoever they belong to, and it owes nobody else's."""
    shards.read("acme", 5)
    shards.read("other", 3)
    shards.read("", 2)
    shards.send("acme", "mine")
    document = shards.commands(LoopStatus("mine"), takes=takes).document()
    (destination,) = document.destinations
    counts = destination.lanes["events"]
    assert (counts.acknowledged, counts.filtered, counts.pending) == (5, 5, 0)
    assert document.balanced
    assert [delivery.taken for org in document.orgs for delivery in org.destinations] == [True, False]


def test_an_org_that_is_not_taken_any_more_keeps_its_history(shards: Shards) -> None:
    """What was accepted while it was taken stays accepted; the rest is filtered."""
    shards.read("other", 3)
    shards.send("other", "mine")
    shards.read("other", 3)
    document = shards.commands(LoopStatus("mine"), takes=takes).document()
    counts = document.destinations[0].lanes["events"]
    assert (counts.acknowledged, counts.filtered, counts.pending) == (3, 3, 0)
    assert document.balanced


def test_one_org_that_does_not_balance_spoils_the_whole(shards: Shards) -> None:
    """And it is the one that says so."""
    shards.read("acme", 5)
    shards.read("other", 3)
    with shards.loops["other"].state.transact() as transaction:
        transaction.set("account/lane/events", 4)
    document = shards.commands(LoopStatus("siem")).document()
    assert document.balanced is False
    assert {org.name: org.balanced for org in document.orgs} == {"acme": True, "other": False}
    assert not document.is_well
    assert "does not balance" in shown(document, 120)


def test_problems_say_whose_they_are(shards: Shards) -> None:
    """By the name in the settings; those of the process have none. People are told where there are several orgs."""
    shards.loops["acme"].problems.report("source-failed", "acme/list", "acme/list could not be read")
    shards.loops[""].problems.report("destination-unavailable", "siem", "siem takes nothing")
    document = shards.commands(LoopStatus("siem")).document()
    assert {(problem.kind, problem.org) for problem in document.problems} == {
        ("source-failed", "acme"),
        ("destination-unavailable", ""),
    }
    text = shown(document, 120)
    assert f"source-failed {document.problems[0].id} of acme since" in text
    assert f"destination-unavailable {document.problems[1].id} since" in text


def test_one_word_ends_a_problem_in_every_org_that_has_it(shards: Shards) -> None:
    """Its id names a kind and a subject, which several orgs may share; what was closed says where."""
    for name in ("acme", "other"):
        shards.loops[name].problems.report("rows-lost", "siem", f"rows of {name} are lost")
    shards.loops["other"].problems.report("rows-lost", "siem/2", "another one")
    commands = shards.commands(LoopStatus("siem"))
    numbers = {problem.id for problem in commands.document().problems}
    closed = [commands.acknowledge(number, "ada") for number in numbers]
    assert sorted([problem["org"] for problem in found] for found in closed) == [["acme", "other"], ["other"]]
    assert not commands.document().problems
    assert [commands.acknowledge(number, "ada") for number in numbers] == [[], []]


def test_what_goes_on_is_not_acknowledged_anywhere(shards: Shards) -> None:
    """It is refused as a whole: nothing is closed in one org and left open in another."""
    shards.loops["acme"].problems.report("source-failed", "x", "x could not be read")
    shards.loops["other"].problems.report("source-failed", "x", "x could not be read")
    commands = shards.commands()
    (number,) = {problem.id for problem in commands.document().problems}
    with pytest.raises(LeaklineError, match="stays open until"):
        commands.acknowledge(number, "ada")
    assert len(commands.document().problems) == 2


def test_the_document_is_the_same_at_both_ends(shards: Shards, tmp_path: Path) -> None:
    """Encoded by the daemon and decoded by the command through one type; its schema names every key."""
    shards.read("acme", 5, malformed=1)
    commands = shards.commands(LoopStatus("siem", stopped=["events"]))
    server = ControlServer(tmp_path / "s", commands.table())
    state = {"directory": str(tmp_path / "state"), "control_socket": str(tmp_path / "s")}
    document = status.document(Settings.model_validate(minimal() | {"state": state}))
    server.close()
    assert encode(document) == json.loads(json.dumps(encode(commands.document())))
    assert document.running
    assert document.destinations[0].stopped == ["events"]
    assert set(status_schema()["properties"]) == set(encode(document))


def test_without_a_daemon_the_same_is_said_of_every_org(shards: Shards, tmp_path: Path) -> None:
    """From the state alone: its sums, its orgs, its problems, and the dead letters under the same names."""
    shards.read("acme", 5, malformed=1)
    shards.read("other", 3)
    shards.send("other", "siem", refused=[0])
    running = shards.commands(LoopStatus("siem")).document()
    shards.state.close()
    destination = {"type": "file", "name": "siem", "directory": str(tmp_path / "out")}
    state = {"directory": str(tmp_path / "state"), "control_socket": str(tmp_path / "s")}
    settings = Settings.model_validate(minimal() | {"state": state, "destinations": [destination]})
    alone = status.document(settings)
    assert not alone.running
    assert (alone.read, alone.lanes, alone.own) == (running.read, running.lanes, running.own)
    assert alone.orgs == running.orgs
    assert [sent.lanes for sent in alone.destinations] == [sent.lanes for sent in running.destinations]
    assert [problem.kind for problem in alone.problems] == ["no-daemon", "dead-letters", "dead-letters"]
    out = io.StringIO()
    assert dead_letters.show_list(settings, Console(file=out, width=200), as_json=False) == 1
    assert [line.split()[0] for line in out.getvalue().splitlines() if "/" in line.split()[0]] == ["acme/0", "other/0"]
    (number,) = {problem.id for problem in alone.problems if problem.org == "other"}
    assert [problem.org for problem in status.acknowledge(settings, number, "ada")] == ["other"]


def test_a_document_of_another_version_is_not_taken_for_ours(tmp_path: Path) -> None:
    """The command says so, and does not show half of it."""
    from agent.daemon.control.command import ControlCommand

    server = ControlServer(tmp_path / "s", [ControlCommand("status", lambda: {"a": 1}, changes=False)])
    state = {"directory": str(tmp_path / "state"), "control_socket": str(tmp_path / "s")}
    with pytest.raises(LeaklineError, match="another version"):
        status.document(Settings.model_validate(minimal() | {"state": state}))
    server.close()
    with pytest.raises(ValueError, match="version"):
        decode({"a": 1})


def test_each_org_has_a_line_where_there_are_several(shards: Shards) -> None:
    """With what waits and what is kept of it; the tables below it are sums. With one org there is no such line."""
    shards.read("acme", 12_345)
    shards.read("other", 3, malformed=2)
    text = shown(shards.commands(LoopStatus("siem")).document())
    acme, other = (next(line for line in text.splitlines() if line.startswith(name)) for name in ("acme ", "other "))
    assert "0" in acme.split()
    assert acme.split()[-1] == "ok"
    assert other.split()[-2:] == ["2", "dead-letters"]
    assert max(map(len, text.splitlines()[4:])) <= 80


def test_a_source_has_a_whole_line_in_a_pipe(shards: Shards) -> None:
    """On a narrow terminal its name is folded, not the word that says how it is."""
    shards.read("acme", 3)
    known = shards.commands(LoopStatus("siem")).document()
    long = "production/object/" + "Invoice__c" * 4
    document = replace(known, sources=(), read=[replace(row, source=long) for row in known.read])
    piped = Console(file=io.StringIO(), width=40, highlight=False, force_terminal=False)
    show(document, piped)
    assert isinstance(piped.file, io.StringIO)
    lines = piped.file.getvalue().splitlines()
    (heading,) = [line for line in lines if line.startswith("source ")]
    assert heading.split() == ["source", "read", "duplicate", "malformed", "taken", "newest", "state"]
    (narrow,) = [line for line in shown(document, 80).splitlines() if line.startswith("source ")]
    assert narrow.rstrip().endswith("state")
