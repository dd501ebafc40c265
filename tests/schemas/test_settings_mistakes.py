"""Mistakes that the settings refuse: the schema refuses them too, or a list says why it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from agent.config.settings import Settings, parse
from agent.errors import SettingsError
from tests.config.test_settings import example, models, put
from tests.schemas.documents import accepts

GONE = "taken out"
"""In place of a value: the key is taken out."""

ORG, AUTH, SOURCE = ("orgs", 0), ("orgs", 0, "auth"), ("orgs", 0, "sources", 0)
SPLUNK, ELASTIC, SYSLOG, FILE = (("destinations", number) for number in range(4))

REFUSED: list[tuple[tuple[Any, ...], Any]] = [
    # unknown, missing and empty
    (("colour",), "red"),
    ((*ORG, "colour"), "red"),
    ((*AUTH, "colour"), "red"),
    ((*FILE, "colour"), "red"),
    ((*ORG, "url"), GONE),
    ((*AUTH, "client_id"), GONE),
    ((*SPLUNK, "token"), GONE),
    ((*SYSLOG, "port"), GONE),
    (("orgs",), GONE),
    (("orgs",), []),
    (("destinations",), []),
    ((*ORG, "sources"), []),
    ((*FILE, "lanes"), []),
    ((*FILE, "orgs"), []),
    ((*FILE, "directory"), None),
    # tags of unions
    ((*FILE, "type"), GONE),
    ((*FILE, "type"), "kafka"),
    ((*AUTH, "type"), GONE),
    ((*AUTH, "type"), "password"),
    ((*SOURCE, "type"), "log_file"),
    # types
    (("orgs",), {"name": "acme"}),
    (("orgs", 0), "acme"),
    (("state",), "here"),
    ((*ORG, "name"), 5),
    ((*ORG, "api_version"), 64),
    ((*SYSLOG, "port"), "many"),
    ((*SYSLOG, "port"), 6514.5),
    ((*SYSLOG, "port"), None),
    ((*SPLUNK, "gzip"), "maybe"),
    ((*SPLUNK, "fields"), ["environment"]),
    ((*FILE, "directory"), 5),
    (("enrich",), {"approved_apps": "Warehouse Sync"}),
    (("rules",), {"placeholders": {"ApprovedAppIds": 5}}),
    (("rules",), {"placeholders": {"ApprovedAppIds": {"path": "x"}}}),
    # words
    ((*FILE, "format"), "leef"),
    ((*FILE, "lanes"), ["alerts", "metrics"]),
    ((*FILE, "too_long"), "cut"),
    ((*FILE, "when_full"), "drop"),
    ((*SYSLOG, "facility"), "local8"),
    ((*SYSLOG, "transport"), "quic"),
    ((*SOURCE, "interval"), "weekly"),
    ((*SOURCE, "event_types"), "some"),
    ((*SOURCE, "event_types"), []),
    ((*SOURCE, "event_types"), ["Report Export"]),
    ((*ORG, "tls"), {"minimum_version": "1.1"}),
    (("log",), {"level": "loud"}),
    (("rules",), {"minimum_level": "grave"}),
    (("rules",), {"statuses": ["ready"]}),
    (("rules",), {"adjust": {"x": {"level": "grave"}}}),
    # bounds
    ((*SYSLOG, "port"), 0),
    ((*SYSLOG, "port"), 65536),
    ((*SYSLOG, "max_row_bytes"), 479),
    ((*SYSLOG, "resend_bytes"), -1),
    ((*SOURCE, "parallel"), 17),
    ((*ORG, "api_budget"), {"share": 0}),
    ((*ORG, "api_budget"), {"share": 1.1}),
    ((*FILE, "refusals"), {"share": 0.5, "rows": 0}),
    ((*FILE, "quota_mb"), 0),
    (("state",), {"spool_limit_mb": 63}),
    (("metrics",), {"port": 65536}),
    (("rules",), {"adjust": {"x": {"ratio": 0}}}),
    (("rules",), {"adjust": {"x": {"threshold": -1}}}),
    # spans of time
    ((*ORG, "timeout"), "5 lightyears"),
    ((*ORG, "timeout"), 30),
    ((*ORG, "timeout"), "0s"),
    ((*ORG, "timeout"), "2h"),
    ((*SOURCE, "start"), "99999999999w"),
    ((*SOURCE, "every"), "0.0m"),
    ((*FILE, "longest_pause"), "0s"),
    ((*FILE, "rotate_every"), "daily"),
    (("rules",), {"adjust": {"x": {"timespan": "0s"}}}),
    # names, addresses, networks
    ((*ORG, "name"), "the first org"),
    ((*ORG, "name"), "leakline"),
    ((*FILE, "name"), "-file"),
    ((*FILE, "orgs"), ["agent"]),
    ((*ORG, "url"), "http://acme.my.salesforce.com"),
    ((*ORG, "url"), "https://acme.my.salesforce.com/services"),
    ((*ORG, "url"), "https://me:secret@acme.my.salesforce.com"),
    ((*ORG, "instance_domains"), ["https://acme.example"]),
    ((*ORG, "proxy"), {"url": "socks5://proxy.example.com"}),
    ((*SPLUNK, "url"), "splunk.example.com:8088"),
    ((*SPLUNK, "url"), "https://splunk.example.com:8088?token=x"),
    ((*SPLUNK, "url"), "https://splunk.example.com:0"),
    ((*SYSLOG, "host"), "siem example com"),
    ((*SYSLOG, "host"), "tcp://siem.example.com"),
    ((*SYSLOG, "host"), "siem..example.com"),
    (("enrich",), {"corporate_networks": ["the office"]}),
    (("enrich",), {"corporate_networks": ["192.0.2.0/33"]}),
    (("enrich",), {"expected_networks": {"*": ["any"]}}),
    (("enrich",), {"time_zone": "Chicago"}),
    ((*ELASTIC, "namespace"), "Prod"),
    ((*ELASTIC, "index"), "-salesforce"),
    # secrets
    ((*SPLUNK, "token"), "hunter2"),
    ((*SPLUNK, "token"), {}),
    ((*SPLUNK, "token"), {"path": "x"}),
    ((*SPLUNK, "token"), {"file": "x", "env": "X"}),
    ((*AUTH, "key"), "-----BEGIN"),
    # what goes together within one component
    ((*SPLUNK, "fields"), {"event_id": "x"}),
    ((*ELASTIC, "username"), "leakline"),
    ((*ELASTIC, "password"), {"env": "X"}),
    ((*ELASTIC, "bearer"), {"env": "X"}),
    ((*FILE, "cef"), {"own_keys": False}),
    ((*FILE, "cef"), {"leave_out": ["Row Count"]}),
    ((*SYSLOG, "cef"), {"leave_out": ["event.id"]}),
    ((*SYSLOG, "cef"), {"leave_out": ["event.*"]}),
    ((*SYSLOG, "cef"), {"leave_out": ["related"]}),
    ((*SYSLOG, "proxy"), {"url": "https://proxy.example.com:3128"}),
    # what goes together between components
    ((*FILE, "name"), "syslog"),
    ((*FILE, "orgs"), ["nobody"]),
    ((*FILE, "directory"), "/var/lib/leakline/orgs"),
    (("orgs", 0, "sources"), [{"type": "event_log_file"}, {"type": "event_log_file"}]),
    ((*SPLUNK, "sourcetype"), "leakline\x07"),
]
"""What is put where in the example settings."""

UNSEEN: dict[str, list[tuple[tuple[Any, ...], Any]]] = {
    "a schema does not reckon with spans of time": [
        ((*ORG, "timeout"), "2h"),
        ((*SOURCE, "start"), "99999999999w"),
    ],
    "the grammar of host names, ports and networks": [
        ((*SPLUNK, "url"), "https://splunk.example.com:0"),
        ((*SYSLOG, "host"), "siem..example.com"),
        (("enrich",), {"corporate_networks": ["192.0.2.0/33"]}),
    ],
    "the machine knows the time zones": [(("enrich",), {"time_zone": "Chicago"})],
    "names and folders of other components": [
        ((*FILE, "name"), "syslog"),
        ((*FILE, "orgs"), ["nobody"]),
        ((*FILE, "directory"), "/var/lib/leakline/orgs"),
        (("orgs", 0, "sources"), [{"type": "event_log_file"}, {"type": "event_log_file"}]),
    ],
    "orgs may stand in files of a folder": [(("orgs",), GONE), (("orgs",), [])],
    "control characters are refused in every text, not in one setting": [((*SPLUNK, "sourcetype"), "leakline\x07")],
}
"""Why the schema accepts what is refused when the settings are loaded."""


def damaged(*changes: tuple[tuple[Any, ...], Any]) -> dict[str, Any]:
    """The example settings with other values."""
    document = example()
    for path, value in changes:
        put(document, path, value)
        if value is GONE:
            below = document
            for part in path[:-1]:
                below = below[part]
            del below[path[-1]]
    return document


def test_the_example_is_right() -> None:
    """Else any schema would refuse what is made of it."""
    assert accepts("settings", example())
    assert parse(example())


@pytest.mark.parametrize(("path", "value"), REFUSED, ids=str)
def test_a_wrong_setting_is_refused_by_both(path: tuple[Any, ...], value: Any) -> None:
    """By the loader always, by the schema unless a list says why not."""
    document = damaged((path, value))
    with pytest.raises(SettingsError):
        parse(document)
    assert accepts("settings", document) is any((path, value) in listed for listed in UNSEEN.values())


def test_what_a_schema_cannot_see_is_tried() -> None:
    """Each entry of the list is one of the mistakes above."""
    assert [entry for listed in UNSEEN.values() for entry in listed if entry not in REFUSED] == []


@pytest.mark.parametrize(
    "changes",
    [
        [((*SYSLOG, "transport"), "udp"), ((*SYSLOG, "max_row_bytes"), 65_508)],
        [((*SYSLOG, "transport"), "udp"), ((*SYSLOG, "proxy"), {"url": "http://proxy.example.com:3128"})],
        [((*SYSLOG, "format"), "ecs"), ((*SYSLOG, "cef"), {"own_keys": False})],
        [
            ((*ELASTIC, "username"), "leakline"),
            ((*ELASTIC, "password"), {"env": "X"}),
            ((*ELASTIC, "bearer"), {"env": "Y"}),
            ((*ELASTIC, "api_key"), GONE),
        ],
    ],
    ids=str,
)
def test_settings_that_do_not_go_together_are_refused_by_both(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    """Each of them is right by itself, or beside others."""
    document = damaged(*changes)
    with pytest.raises(SettingsError):
        parse(document)
    assert not accepts("settings", document)


@pytest.mark.parametrize(
    "changes",
    [
        [((*SYSLOG, "transport"), "tcp"), ((*SYSLOG, "max_row_bytes"), 65_508)],
        [((*SYSLOG, "proxy"), {"url": "http://proxy.example.com:3128"})],
        [((*FILE, "format"), "cef"), ((*FILE, "cef"), {"own_keys": False, "leave_out": ["related.*"]})],
        [((*ELASTIC, "api_key"), GONE), ((*ELASTIC, "username"), "leakline"), ((*ELASTIC, "password"), {"env": "X"})],
        [((*ELASTIC, "api_key"), GONE)],
        [((*ELASTIC, "bearer"), None)],
        [((*SPLUNK, "token"), {"file": "x", "env": None})],
        [((*ORG, "sources"), [{}])],
        [((*SYSLOG, "host"), "2001:db8::1")],
    ],
    ids=str,
)
def test_what_is_right_is_accepted_by_both(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    """The neighbours of the mistakes above."""
    document = damaged(*changes)
    assert parse(document)
    assert accepts("settings", document)


def test_every_model_of_the_settings_is_strict() -> None:
    """A key that nobody reads is refused in each of them, so that the schema can refuse it too."""
    seen, waiting = set[type](), [Settings]
    while waiting:
        model = waiting.pop()
        if model not in seen:
            seen.add(model)
            assert model.model_config.get("extra") == "forbid", model
            waiting += [below for field in model.model_fields.values() for below in models(field.annotation)]  # type: ignore[misc]
    assert len(seen) > 20
