"""What a rule waits for, and whether it can fire with what there is."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from agent.detection.authoring.absence import LogFileColumns
from agent.detection.authoring.coverage import Availability, blind, reasons
from agent.detection.authoring.latency import latencies
from agent.detection.authoring.listing import counts_by_family, listing, techniques
from agent.detection.load import load, loads
from tests.detection.conftest import Write

RULE = """
title: Rule {name}
name: {name}
logsource: {{product: salesforce, service: {service}}}
detection: {{sel: {{{field}}}, condition: {condition}}}
level: high
tags: [attack.t1078.004, attack.t1567]
leakline: {{family: access, feed: {feed}}}
"""
BUILT = frozenset({"event_log_file", "agent"})
EVERYTHING = Availability(BUILT)


def rule(
    name: str = "one",
    service: str = "event_log_file",
    field: str = "EVENT_TYPE: Report",
    condition: str = "sel",
    feed: str = "free",
) -> str:
    return RULE.format(name=name, service=service, field=field, condition=condition, feed=feed)


def correlation(
    kind: str, rules: Sequence[str], condition: str = "{gte: 2}", grouped: str = "group-by: [USER_ID]"
) -> str:
    named = ", ".join(rules)
    return (
        f"title: Several\nname: several\n"
        f"correlation: {{type: {kind}, rules: [{named}], {grouped}, timespan: 1h, condition: {condition}}}\n"
    )


def why(*documents: str, supply: Availability = EVERYTHING) -> dict[str, list[str]]:
    rules = loads("\n---\n".join(documents))
    assert rules.errors == ()
    names = {found.id: found.name for found in (*rules, *(derived.rule for derived in rules.derived))}
    return {names[key]: list(value) for key, value in reasons(rules, supply).items()}


def test_what_must_be_absent_has_to_be_read() -> None:
    """Of a source that is not read everything is absent always: such a correlation says nothing."""
    documents = (
        rule(),
        rule("two", service="setup_audit_trail", field="Action: PermSetAssign"),
        correlation("temporal", ["one", "two"], "one and not two"),
    )
    assert why(*documents)["several"] == ["there is no source for setup_audit_trail yet"]
    both = Availability(BUILT | {"setup_audit_trail"})
    assert why(*documents, supply=both)["several"] == []


def test_a_rule_can_fire_if_nothing_it_needs_is_missing() -> None:
    """Then there is nothing to say."""
    assert why(rule()) == {"one": []}


@pytest.mark.parametrize(
    ("feed", "has", "said"),
    [
        ("free", "free", []),
        ("event_monitoring", "free", ["needs Event Monitoring"]),
        ("event_monitoring", "real_time", []),
        ("real_time", "event_monitoring", ["needs Real-Time Event Monitoring"]),
        ("real_time", "", []),
    ],
)
def test_a_licence_holds_those_before_it(feed: str, has: str, said: list[str]) -> None:
    """And where none is named nothing is said."""
    assert why(rule(feed=feed), supply=Availability(BUILT, feed=has)) == {"one": said}


def test_a_source_that_is_not_built_not_read_or_not_known_is_told_apart() -> None:
    """What to do differs."""
    assert why(rule(service="setup_audit_trail")) == {"one": ["there is no source for setup_audit_trail yet"]}
    read = Availability(BUILT, frozenset({"agent"}))
    assert why(rule(), supply=read) == {"one": ["the settings do not read event_log_file"]}
    assert why(rule(service="access")) == {"one": ["no source produces rows of access"]}
    assert why(rule(service="event_monitoring")) == {"one": []}


def test_a_type_of_log_file_that_is_not_read_is_told() -> None:
    """Only where the rule can be about no other."""
    logins = Availability(BUILT, event_types=frozenset({"login"}))
    assert why(rule(), supply=logins) == {"one": ["its type of log file is not read (sources.event_types)"]}
    assert why(rule(field="EVENT_TYPE: [Report, Login]"), supply=logins) == {"one": []}


def test_a_real_time_event_that_is_not_read_is_told() -> None:
    """By the channel or the object that the rule names."""
    streamed = rule(service="real_time_event_monitoring", field="EventType: [ApiEvent, ApiEventStream]")
    built = frozenset({"real_time_event_monitoring"})
    api = Availability(built, real_time_events=frozenset({"apievent", "apieventstream"}))
    logins = Availability(built, real_time_events=frozenset({"loginevent", "logineventstream"}))
    assert why(streamed, supply=api) == {"one": []}
    assert why(streamed, supply=logins) == {"one": ["its real-time event is not read (sources.events)"]}


def test_a_rule_about_both_feeds_can_fire_with_either() -> None:
    """What is missing of the log files is told where they are all that is read."""
    both = rule(service="event_monitoring", field="EVENT_TYPE: Report")
    built = frozenset({"event_log_file", "real_time_event_monitoring"})
    for read in built:
        assert why(both, supply=Availability(built, frozenset({read}))) == {"one": []}
    dashboards = Availability(built, event_types=frozenset({"dashboard"}))
    assert why(both, supply=dashboards) == {"one": ["its type of log file is not read (sources.event_types)"]}


def test_a_field_that_nothing_fills_bars_the_rules_that_need_it() -> None:
    """A rule that negates it, or asks for its absence, fires without it, and the list says that it looks at it."""
    bare = Availability(BUILT, lacking={"leakline.user_leaving": "no list of leavers"})
    assert why(rule(field="leakline.user_leaving: true"), supply=bare) == {"one": ["no list of leavers"]}
    assert why(rule(field="leakline.user_leaving: null"), supply=bare) == {"one": []}
    without = rule(field="leakline.user_leaving: true", condition="not sel")
    assert why(without, supply=bare) == {"one": []}
    (row,) = listing(loads(without), bare)
    assert (row.cannot_fire, row.not_filled) == ((), ("leakline.user_leaving",))


HEADERS = LogFileColumns(
    {
        "login": frozenset({"EVENT_TYPE", "USER_ID", "SOURCE_IP", "source.ip"}),
        "report": frozenset({"EVENT_TYPE", "ROWS"}),
    },
    {"source.ip": "CLIENT_IP or SOURCE_IP"},
    {"login": "Login", "report": "Report"},
)
SEEN = Availability(BUILT, columns=HEADERS)


@pytest.mark.parametrize(
    ("field", "condition", "said"),
    [
        ("EVENT_TYPE: Login, COUNTRY_CODE: DE", "sel", ["no column COUNTRY_CODE in files of Login"]),
        ("EVENT_TYPE: Login, USER_ID: x", "sel", []),
        ("EVENT_TYPE: [Login, Report], ROWS: 1", "sel", []),
        ("EVENT_TYPE: [Login, Report], A: 1", "sel", ["no column A in files of Login, Report"]),
        ("EVENT_TYPE: [Login, URI], COUNTRY_CODE: DE", "sel", []),
        ("COUNTRY_CODE: DE", "sel", []),
        ("EVENT_TYPE: Login, COUNTRY_CODE: null", "sel", []),
        ("EVENT_TYPE: Login, COUNTRY_CODE|fieldref: USER_ID", "sel", ["no column COUNTRY_CODE in files of Login"]),
        ("EVENT_TYPE: Login, USER_ID|fieldref: COUNTRY_CODE", "sel", ["no column COUNTRY_CODE in files of Login"]),
        ("EVENT_TYPE: Login, source.ip: 192.0.2.1", "sel", []),
        ("EVENT_TYPE: Report, source.ip: 192.0.2.1", "sel", ["no column CLIENT_IP or SOURCE_IP in files of Report"]),
        ("EVENT_TYPE: Report, leakline.of_elsewhere: x", "sel", []),
    ],
)
def test_a_column_that_files_of_its_types_lack_bars_a_rule(field: str, condition: str, said: list[str]) -> None:
    """If all of its types lack it, are known, and it needs it; a computed field is there with one of those that fill it."""
    assert why(rule(field=field, condition=condition), supply=SEEN) == {"one": said}


def test_one_of_two_columns_is_enough_for_a_rule_that_can_use_either() -> None:
    """It is blind only when both are missing, and then both are named."""

    def either(a: str, b: str) -> str:
        return rule(field="EVENT_TYPE: Login").replace(
            "condition: sel", f"a: {{{a}: 192.0.2.1}}, b: {{{b}: 192.0.2.1}}, condition: sel and (a or b)"
        )

    assert why(either("CLIENT_IP", "SOURCE_IP"), supply=SEEN) == {"one": []}
    assert why(either("CLIENT_IP", "IP"), supply=SEEN) == {
        "one": ["no column CLIENT_IP in files of Login", "no column IP in files of Login"]
    }
    (row,) = listing(loads(either("CLIENT_IP", "SOURCE_IP")), SEEN)
    assert (row.cannot_fire, row.not_filled) == ((), ("CLIENT_IP",))


def test_a_correlation_needs_the_columns_that_it_groups_and_counts_by() -> None:
    """Of each rule it is made of, under the name it has there."""
    base = rule(field="EVENT_TYPE: Report")
    assert why(base, correlation("event_count", ["one"]), supply=SEEN)["several"] == [
        "no column USER_ID in files of Report"
    ]
    aliased = correlation("event_count", ["one"], grouped="aliases: {who: {one: ROWS}}, group-by: [who]")
    assert why(base, aliased, supply=SEEN)["several"] == []
    other = rule("two", field="EVENT_TYPE: Login")
    assert why(base, other, correlation("event_count", ["one", "two"]), supply=SEEN)["several"] == []


def test_only_want_of_a_field_makes_blind() -> None:
    """Not a licence or a source that is missing: these are said elsewhere."""
    rules = loads(
        "\n---\n".join(
            [
                rule("blind", field="EVENT_TYPE: Login, COUNTRY_CODE: DE"),
                rule("list", field="leakline.user_leaving: true"),
                rule("source", service="setup_audit_trail", field="leakline.user_leaving: true"),
                rule("fine"),
            ]
        )
    )
    found = blind(rules, Availability(BUILT, columns=HEADERS, lacking={"leakline.user_leaving": "no list of leavers"}))
    assert {found_rule.name: found[found_rule.id] for found_rule in rules if found_rule.id in found} == {
        "blind": ("no column COUNTRY_CODE in files of Login",),
        "list": ("no list of leavers",),
    }


def test_a_placeholder_without_values_is_named(write: Write) -> None:
    """With where to give them."""
    path = write("rule.yml", rule(field="A|expand: '%BadAddresses%'"))
    assert list(reasons(load([path]), EVERYTHING).values()) == [("no values for BadAddresses (rules.placeholders)",)]
    filled = load([path], placeholders={"BadAddresses": ["192.0.2.1"]})
    assert list(reasons(filled, EVERYTHING).values()) == [()]


def test_a_correlation_needs_as_much_of_what_it_is_made_of_as_its_condition_asks() -> None:
    """One rule for a count, all of them for a sequence, two of three if it says two; what must be absent has to be read."""
    missing = "there is no source for login_history yet"
    both = [rule("here"), rule("gone", service="login_history")]
    assert why(*both, correlation("event_count", ["here", "gone"]))["several"] == []
    assert why(*both, correlation("temporal", ["here", "gone"]))["several"] == [missing]
    three = [*both, rule("near")]
    assert why(*three, correlation("temporal", ["here", "gone", "near"], "{gte: 2}"))["several"] == []
    assert why(*both, correlation("temporal", ["here", "gone"], "here and not gone"))["several"] == [missing]
    assert why(*both, correlation("temporal", ["here", "gone"], "gone and not here"))["several"] == [missing]


def test_a_correlation_needs_what_it_groups_and_counts_by() -> None:
    """Through its aliases."""
    bare = Availability(BUILT, lacking={"source.as.number": "no address database"})
    counting = correlation("value_count", ["one"], "{field: source.as.number, gte: 2}")
    assert why(rule(), counting, supply=bare)["several"] == ["no address database"]
    aliased = correlation("event_count", ["one"], grouped="aliases: {who: {one: source.as.number}}, group-by: [who]")
    assert why(rule(), aliased, supply=bare)["several"] == ["no address database"]


def test_the_wait_is_that_of_the_slowest_source_and_only_where_a_window_must_close() -> None:
    """A count tells at once; what only a complete window tells waits for a timespan and the latest rows."""
    rules = loads("\n---\n".join([rule(), correlation("event_count", ["one"])]))
    found = latencies(rules)
    assert found[rules.correlations[0].rule.id].until == "at once"
    rules = loads("\n---\n".join([rule(), rule("two", service="login_history"), correlation("temporal", ["one", "two"], "one and not two")]))  # fmt: skip
    pace = latencies(rules)[rules.correlations[0].rule.id]
    assert (pace.services, pace.until) == (("event_log_file", "login_history"), "window closes")
    assert (pace.lateness, pace.wait) == (timedelta(hours=30), timedelta(hours=31))
    assert latencies(rules)[rules["two"].id].lateness == timedelta(hours=6)


def test_a_correlation_of_a_correlation_waits_for_it() -> None:
    """The waits add up."""
    first = correlation("event_count", ["one"], "{lt: 2}").replace("several", "few")
    second = correlation("event_count", ["few"])
    rules = loads("\n---\n".join([rule(), first, second]))
    assert rules.errors == ()
    waits = {
        found.rule.name: (latencies(rules)[found.rule.id].until, latencies(rules)[found.rule.id].wait)
        for found in rules.correlations
    }
    assert waits == {"few": ("window closes", timedelta(hours=31)), "several": ("window closes", timedelta(hours=31))}


def test_counts_are_by_family_with_the_sum_last_and_a_technique_counts_once_a_rule() -> None:
    """What feeds a correlation is not counted."""
    rows = listing(loads("\n---\n".join([rule(), rule("two", feed="real_time")])))
    assert [
        (counts.name, counts.rules, counts.levels["high"], counts.feeds["real_time"])
        for counts in counts_by_family(rows)
    ] == [
        ("access", 2, 2, 1),
        ("all", 2, 2, 1),
    ]
    assert techniques(rows) == {"T1078.004": 2, "T1567": 2}
