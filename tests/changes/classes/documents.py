"""Governed documents as the settings' models write them, and a way to change one place of them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from agent.config.settings import RuleSettings
from agent.destinations.elastic.elastic import ElasticSettings
from agent.destinations.file.file import FileSettings
from agent.destinations.splunk.splunk import SplunkSettings
from agent.destinations.syslog.syslog import SyslogSettings
from agent.notice.settings import NoticeSettings
from agent.trail.settings import TrailSettings

Document = dict[str, Any]
Edit = Callable[[Document], object]

NOTICE = {
    "zone": "Europe/Berlin",
    "jurisdictions": ["eu", "us-ca"],
    "roles": ["controller", "processor"],
    "sectors": ["financial"],
    "contracts": [{"name": "acme", "anchor": "aware", "hours": 24, "recipient": "Acme"}],
    "policies": [
        {
            "name": "critical",
            "levels": ["critical"],
            "steps": [{"notify": ["on_call"]}, {"notify": ["on_call", "ben"], "after": "5m"}],
        },
        {
            "name": "default",
            "levels": ["high", "critical"],
            "orgs": ["prod", "test"],
            "steps": [
                {"notify": ["on_call:night"]},
                {"notify": ["on_call"], "after": "15m"},
                {"notify": ["everyone"], "after": "45m"},
            ],
        },
    ],
    "on_call": {
        "rotations": [
            {"name": "day", "people": ["ann", "ben"], "every": "7d", "handover": "Mon 09:00 UTC"},
            {
                "name": "night",
                "people": ["ben", "eve"],
                "every": "1d",
                "handover": "20:00 UTC",
                "hours": ["20:00-08:00", "Sat 00:00-24:00"],
                "holidays": "DE",
                "begins": "2026-11-30",
            },
        ],
        "calendar": "/etc/leakline/on_call.ics",
    },
    "people": [
        {"name": "ann", "channels": ["mail", "chat"], "addresses": {"mail": "ann@example.com"}, "roles": ["privacy"]},
        {"name": "ben", "channels": ["mail"], "roles": ["lead", "privacy"]},
        {"name": "eve", "channels": ["pager"]},
    ],
    "channels": [
        {
            "type": "smtp",
            "name": "mail",
            "host": "mail.example.com",
            "username": "leakline",
            "password": {"file": "/run/mail"},
            "from": "leakline@example.com",
            "to": ["security@example.com"],
        },
        {"type": "slack", "name": "chat", "token": {"env": "SLACK"}, "channel": "#security"},
        {"type": "pagerduty", "name": "pager", "routing_key": {"env": "KEY"}, "api_token": {"env": "TOKEN"}},
        {"type": "teams", "name": "teams", "url": {"env": "TEAMS"}},
        {"type": "webhook", "name": "hook", "url": "https://hook.example.com/a", "secret": {"env": "HOOK"}},
        {"type": "apprise", "name": "any", "url": {"env": "ANY"}},
        {"type": "destination", "name": "siem", "destination": "splunk"},
    ],
    "heartbeat": {
        "url": "https://monitor.example.com/ping",
        "proxy": {"url": "http://proxy.example.com:3128", "except_for": [".example.org"]},
    },
    "canary": {"channels": ["mail", "hook"]},
    "organisation": {"name": "Example Ltd", "contact_email": "dpo@example.com", "authority": "ICO"},
    "pack": "/etc/leakline/pack.yaml",
}

DESTINATIONS = [
    FileSettings.model_validate({"type": "file", "directory": "/var/log/leakline", "keep": 10}),
    SplunkSettings.model_validate(
        {
            "type": "splunk",
            "url": "https://splunk.example.com:8088",
            "token": {"file": "/run/hec"},
            "fields": {"environment": "production"},
            "host": "agent",
        }
    ),
    ElasticSettings.model_validate(
        {"type": "elastic", "url": "https://elastic.example.com:9200", "api_key": {"env": "KEY"}}
    ),
    SyslogSettings.model_validate({"type": "syslog", "host": "log.example.com", "port": 6514, "hostname": "agent"}),
]


def governed() -> Document:
    """A document in which nearly everything is set."""
    rules = {
        "folders": ["/etc/leakline/rules"],
        "disabled": ["noisy"],
        "minimum_level": "low",
        "placeholders": {"ApprovedAppIds": ["0H4A", "0H4B"], "BadNetworks": ["192.0.2.0/24"], "Names": {"file": "/n"}},
        "adjust": {"mass": {"level": "high", "threshold": 100, "timespan": "1h", "ratio": 3, "minimum_history": "7d"}},
    }
    return {
        "notice": NoticeSettings.model_validate(NOTICE).model_dump(mode="json", by_alias=True),
        "permissions": {
            "groups": {
                "admins": "admin",
                "counsel": "privacy",
                "managers": "approver",
                "soc": "responder",
                "audit": "auditor",
                "all": "viewer",
            }
        },
        "trail": TrailSettings.model_validate({"key": {"file": "/run/key"}}).model_dump(mode="json", by_alias=True),
        "drills": {"schedule": "0 9 1 * *", "scenarios": ["drip", "mass"], "overdue_after": "35d", "zone": "UTC"},
        "rules": RuleSettings.model_validate(rules).model_dump(mode="json", by_alias=True),
        "destinations": [destination.model_dump(mode="json", by_alias=True) for destination in DESTINATIONS],
    }


def changed(*edits: Edit) -> Document:
    """The document after these edits of it."""
    document = copy.deepcopy(governed())
    for edit in edits:
        edit(document)
    return document


def at(document: Document, path: str) -> Any:
    """What is at a path such as `notice.people[ann].roles`; an entry is found by its name or its number."""
    place: Any = document
    for part in path.replace("[", ".[").split("."):
        if not part.startswith("["):
            place = place[part]
        elif part[1:-1].isdecimal():
            place = place[int(part[1:-1])]
        else:
            place = next(entry for entry in place if entry["name"] == part[1:-1])
    return place


def put(path: str, value: Any) -> Edit:
    """Write a value to a path."""

    def edit(document: Document) -> None:
        above, _, key = path.rpartition(".")
        (at(document, above) if above else document)[key] = value

    return edit


def drop(path: str) -> Edit:
    """Remove an entry of a list of names or objects, or a key that a person chose."""

    def edit(document: Document) -> None:
        if not path.endswith("]"):
            above, _, key = path.rpartition(".")
            del at(document, above)[key]
            return
        above, _, name = path.removesuffix("]").rpartition("[")
        entries = at(document, above)
        named = [
            entry
            for entry in entries
            if (entry["name"] if isinstance(entry, dict) and "name" in entry else entry) == name
        ]
        entries.remove(named[0] if named else entries[int(name)])

    return edit


def add(path: str, value: Any, position: int | None = None) -> Edit:
    """Put an entry into a list, at its end unless a position is given."""

    def edit(document: Document) -> None:
        entries = at(document, path)
        entries.insert(len(entries) if position is None else position, value)

    return edit


def swap(path: str) -> Edit:
    """Turn a list around."""
    return lambda document: at(document, path).reverse()
