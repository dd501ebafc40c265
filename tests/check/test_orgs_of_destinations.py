"""What `leakline check` says of destinations that are for some orgs only."""

from __future__ import annotations

from typing import Any

import pytest

from agent.check.doubtful_settings import doubts
from agent.config.settings import parse
from agent.errors import SettingsError

AUTH = {"type": "client_credentials", "client_id": "app", "client_secret": {"env": "SECRET"}}


def document(*destinations: dict[str, Any], orgs: tuple[str, ...] = ("acme", "other")) -> dict[str, Any]:
    return {
        "orgs": [{"name": name, "url": f"https://{name}.my.salesforce.com", "auth": AUTH} for name in orgs],
        "destinations": [
            {"type": "file", "directory": f"out/{number}", **to} for number, to in enumerate(destinations)
        ],
    }


def messages(*destinations: dict[str, Any]) -> list[str]:
    return [finding.message for finding in doubts(parse(document(*destinations)))]


def test_somebody_is_told_about_leakline_itself() -> None:
    """A destination without `orgs` is asked for, and one is enough."""
    acme, other = {"name": "a", "orgs": ["acme"]}, {"name": "b", "orgs": ["other"]}
    (message,) = messages(acme, other)
    assert message.startswith("no destination gets events about Leakline itself")
    assert messages(acme, other, {"name": "ours", "lanes": ["alerts"]}) == []


def test_each_org_needs_a_place_for_its_alerts() -> None:
    """A lane that is taken of one org only is missing for the other, by name."""
    alerts = {"name": "ours", "lanes": ["alerts"]}
    (message,) = messages(alerts, {"name": "a", "orgs": ["acme"], "lanes": ["events"]})
    assert message.startswith("no destination takes the lane `events` of the org other")


def test_the_same_receiver_is_no_doubt_for_different_orgs() -> None:
    """Two orgs may send to one SIEM, each in its own way."""
    hec = {"type": "splunk", "url": "https://splunk.example.com:8088", "token": {"env": "TOKEN"}}
    orgs = [{**hec, "name": name, "orgs": [name]} for name in ("acme", "other")]
    settings = parse(document() | {"destinations": [*orgs, {"type": "file", "directory": "out"}]})
    assert list(doubts(settings)) == []
    (found,) = doubts(parse(document() | {"destinations": [{**hec, "name": "x"}, {**orgs[0], "name": "y"}]}))
    assert "each arrives twice" in found.message


@pytest.mark.parametrize(
    ("orgs", "message"),
    [
        (
            ["acme", "nobody"],
            "destinations: a names the org 'nobody', which is not under `orgs`; write one of acme, other",
        ),
        (["acme"], "destinations: none gets the events of the org other"),
        ([], "destinations[0].orgs"),
    ],
)
def test_orgs_that_cannot_be_meant_are_refused(orgs: list[str], message: str) -> None:
    """A name that is no org's, an org that nobody takes, and no org at all."""
    with pytest.raises(SettingsError) as refused:
        parse(document({"name": "a", "orgs": orgs}))
    assert message in str(refused.value)
