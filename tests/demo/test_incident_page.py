"""The screen that the demo ends with."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from agent.config.settings import parse
from agent.daemon.daemon import Daemon
from agent.demo.incident_outcome import IncidentOutcome, outcome, settle
from agent.demo.incident_page import show_incidents
from agent.demo.told import DemoTelling
from agent.terminal import Terminal
from tests.notice.kept.alerting_node import AlertingNode, logins

TOLD = DemoTelling(
    "inc-d19c5738c846",
    "critical incident inc-d19c5738c846 in demo waits for an acknowledgement (tier 1, since 2026-11-27 11:49 UTC)",
    "ana",
    opening_changed_nothing=True,
    obligation="eu-gdpr-33/sa",
    missing=15,
    first_missing="Name of the organisation; Where it is established; Contact point for questions",
)
LINES, COLUMNS = 32, 80


@pytest.fixture
def node(tmp_path: Path) -> AlertingNode:
    """Closed, with what a few batches left in its state."""
    node = AlertingNode(tmp_path / "demo")
    node.read_in_turn(logins(4, seed=3))
    node.close()
    return node


def ended(node: AlertingNode) -> IncidentOutcome:
    """What the demo finds when its daemon has ended."""
    settings = parse(node.document())
    daemon = Daemon(settings, now=node.clock)
    settle(daemon)
    daemon.close()
    return outcome(settings, node.clock)


def page(found: IncidentOutcome, node: AlertingNode) -> list[str]:
    written = io.StringIO()
    console = Terminal(file=written, width=COLUMNS, force_terminal=True, color_system=None)
    show_incidents(found, TOLD, Path("leakline-demo"), console, node.clock())
    return written.getvalue().splitlines()


def test_it_fits_a_small_terminal_and_says_what_to_do(node: AlertingNode) -> None:
    """The gravest incident, its clocks with what is left, the commands that lead on, and that the trail is whole."""
    found = ended(node)
    assert found.is_well
    assert found.gravest is not None
    assert found.gravest["level"] == "critical"
    lines = page(found, node)
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= COLUMNS
    text = " ".join(lines)
    assert f"leakline incidents show {found.gravest['id']} -c leakline-demo/leakline.yaml" in text
    assert " h " in next(line for line in lines if "gdpr" in line)
    assert "acknowledge it" in text
    assert "The trail is whole" in text
    assert "its button acknowledged it for ana" in " ".join(text.split())
    assert "15 fields missing" in " ".join(text.split())


def test_it_says_when_the_link_did_not_serve(node: AlertingNode) -> None:
    """Also where opening it changed something."""
    found = ended(node)
    for told in (replace(TOLD, acknowledged_by=""), replace(TOLD, opening_changed_nothing=False)):
        written = io.StringIO()
        show_incidents(found, told, Path("x"), Terminal(file=written, width=COLUMNS), node.clock())
        assert "did NOT acknowledge it" in " ".join(written.getvalue().split())
        assert not told.is_well


def test_a_trail_that_was_changed_is_no_success(node: AlertingNode) -> None:
    """The demo ends with an exit status of its own then."""
    ended(node)
    (part,) = (Path(node.document()["state"]["directory"]) / "orgs" / "acme" / "trail").glob("*.jsonl")
    part.write_bytes(part.read_bytes().replace(b'"live"', b'"fake"', 1))
    found = outcome(parse(node.document()), node.clock)
    assert not found.is_well
    assert any("NOT whole" in line for line in page(found, node))
