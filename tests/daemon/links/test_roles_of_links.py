"""Requests of the listener go through the table of role and action too, over real HTTPS."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.daemon.control.gate import Gate
from agent.permissions import actions
from agent.permissions.principal import Principal, sender_principal
from agent.permissions.roles import Role
from agent.permissions.settings import PermissionSettings
from tests.daemon.links.linking import fields, linking
from tests.notice.incidents.made_incident import incident as opened
from tests.sources.inbound.listening import listening, sender

SETTINGS = PermissionSettings(groups={"leakline-admin": "admin", "leakline-privacy": "privacy"})


class Noting:
    """A gate of these settings, and who was denied what."""

    def __init__(self) -> None:
        self.denied: list[tuple[str, str]] = []
        self.gate = Gate(lambda: SETTINGS, self.note)

    def note(self, principal: Principal, action: str) -> None:
        self.denied.append((principal.name, action))


def take_away(patch: pytest.MonkeyPatch, action: str) -> None:
    """From every role."""
    patch.setattr(actions, "ACTIONS", {**actions.ACTIONS, action: frozenset[Role]()})


def test_a_link_acknowledges_where_permissions_are_set(tmp_path: Path) -> None:
    """Who holds it needs no group of the host."""
    noting = Noting()
    with linking(tmp_path, noting.gate) as linked:
        incident = opened()
        linked.state.add(incident)
        url = linked.link(incident, "ana")
        assert "Acknowledged" in linked.post(url, fields(linked.get(url).text)).text
        assert linked.incident(incident.id).acknowledged_by == "ana"
    assert noting.denied == []


@pytest.mark.parametrize("action", ["link_show", "link_acknowledge"])
def test_what_the_table_takes_away_no_link_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    """Neither shown nor acknowledged, and the denial is noted."""
    noting = Noting()
    with linking(tmp_path, noting.gate) as linked:
        incident = opened()
        linked.state.add(incident)
        url = linked.link(incident, "ana")
        form = fields(linked.get(url).text)
        take_away(monkeypatch, action)
        answer = linked.get(url) if action == "link_show" else linked.post(url, form)
        assert answer.status_code == 410
        assert linked.incident(incident.id).acknowledged_at is None
    assert ("ana", action) in noting.denied


def test_a_sender_reports_as_the_table_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the right token and without the right to report it is refused, before anything of it is read."""
    noting = Noting()

    def admits(name: str) -> bool:
        return noting.gate.admits("report_submit", sender_principal(name))

    with listening(sender(tmp_path), admits=admits) as there:
        allowed = there.post()
        take_away(monkeypatch, "report_submit")
        refused = there.post()
    assert allowed.is_success
    assert refused.status_code == 403
    assert noting.denied == [("sender middleware", "report_submit")]
