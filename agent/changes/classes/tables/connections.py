"""Lines that many keys share: how the other side of a connection is trusted and reached, and where secrets are."""

from __future__ import annotations

from agent.changes.classes.containers import Group, Members
from agent.changes.classes.directions import any_weakens
from agent.changes.classes.line import Line

LEADS = "Messages could lead to another place, or to none."
SHOWS = "The other side could refuse what is shown to it."


def secret(pattern: str, *, added: bool = False) -> list[Line]:
    """Where a secret is. `added`: whether one where there was none strengthens."""
    why = "With another secret the other side may refuse what is sent, or another one accept it."
    return [
        Line(pattern, Group(added="strengthen" if added else "weaken"), why),
        *(Line(f"{pattern}.{key}", any_weakens, why) for key in ("credential", "file", "env")),
    ]


def tls(pattern: str) -> list[Line]:
    why = "An authority that is trusted can vouch for another receiver."
    return [
        Line(pattern, Group(), "Connections are verified by it."),
        Line(f"{pattern}.ca", any_weakens, why),
        Line(f"{pattern}.certificate", any_weakens, SHOWS),
        Line(f"{pattern}.key", any_weakens, SHOWS),
        Line(f"{pattern}.minimum_version", any_weakens, "An old version is easier to break; a new one may be refused."),
    ]


def proxy(pattern: str) -> list[Line]:
    way = "A message arrives only where the way out leads there."
    return [
        Line(pattern, Group(added="weaken"), way),
        Line(f"{pattern}.url", any_weakens, way),
        Line(f"{pattern}.username", any_weakens, "The proxy could refuse another user."),
        *secret(f"{pattern}.password"),
        Line(f"{pattern}.except_for", Members(added="weaken"), way),
    ]
