"""Rules as queries of a SIEM: the names are those of the events we ship, and nothing is missing in silence."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from rich.console import Console
from sigma.backends.splunk.splunk import SplunkBackend
from sigma.collection import SigmaCollection
from sigma.processing.pipeline import ProcessingPipeline

from agent.assembly.event_schema import event_schema
from agent.cli.output.rules_convert import pipeline_text, show
from agent.detection.authoring.convert import BACKENDS, TARGETS, ConvertedRule, Language, convert
from agent.detection.condition.event_type import event_types
from agent.detection.condition.tree import fields
from agent.detection.load import PLACEHOLDERS, load
from agent.detection.rule_set import RuleSet
from agent.errors import LeaklineError
from agent.normalize.mapping.load import load_mappings
from agent.shipped import shipped

LANGUAGES: tuple[Language, ...] = ("splunk", "esql", "lucene")
NAMES = event_schema(load_mappings([shipped("mappings")])[0])

RULE = """
title: {title}
name: {title}
id: {id}
logsource: {{product: {product}, service: {service}}}
detection:
  sel: {sel}
  condition: sel
"""

UNSUPPORTED = (
    "are not shipped yet",
    "ES|QL refuses a query that names an unknown column",
    "is not supported by backend",
    "does not support correlation rules",
    "can't handle field references",
    "ORing FieldRef matching is not yet supported",
    "a placeholder without values",
    "by event type",
    "baselines are specific to Leakline",
    "of a time is dropped",
    "is not text there",
    "may hold several values",
)
"""Why a rule of the pack may have no query."""


def rule(sel: str, title: str = "one", service: str = "event_log_file", product: str = "salesforce") -> str:
    number = sum(title.encode())
    return RULE.format(
        title=title, id=f"0e4b5b1e-7b1f-4b63-bb0c-{number:012d}", sel=sel, service=service, product=product
    )


def converted(
    tmp_path: Path, text: str, language: Language = "splunk", **placeholders: list[str]
) -> list[ConvertedRule]:
    path = tmp_path / "rule.yml"
    path.write_text(text)
    rules = load([path], placeholders=placeholders)
    assert rules.errors == ()
    return list(convert(rules, [path], language, NAMES, placeholders))


def query(tmp_path: Path, sel: str, language: Language = "splunk", **placeholders: list[str]) -> str:
    (result,) = converted(tmp_path, rule(sel), language, **placeholders)
    assert result.problem == ""
    return result.queries[0]


@pytest.fixture(scope="module", params=LANGUAGES)
def pack(request: pytest.FixtureRequest) -> tuple[RuleSet, list[ConvertedRule]]:
    values = {**PLACEHOLDERS, "ApprovedAppIds": ["0H4x"]}
    rules = load([shipped("rules")], placeholders=values)
    return rules, list(convert(rules, [shipped("rules")], request.param, NAMES, values))


def test_every_rule_of_the_pack_has_a_query_or_a_reason(pack: tuple[RuleSet, list[ConvertedRule]]) -> None:
    """Nothing is missing in silence, and more than half of what is shipped today is converted."""
    rules, found = pack
    assert [result.rule.id for result in found] == [rule.id for rule in rules.alerting]
    assert all(bool(result.queries) != bool(result.problem) for result in found)
    assert [result.problem for result in found if result.problem and not result.problem.endswith(UNSUPPORTED) and not any(
        words in result.problem for words in UNSUPPORTED)] == []  # fmt: skip
    beyond = ("not shipped yet", "baselines are", "Backend does not support correlation rules")
    reachable = [result for result in found if not any(words in result.problem for words in beyond)]
    assert len([result for result in reachable if result.queries]) > len(reachable) / 2


def test_queries_ask_for_fields_that_shipped_events_have(pack: tuple[RuleSet, list[ConvertedRule]]) -> None:
    """Of each rule over single events the query names the field that holds each column, and no column itself."""
    rules, found = pack
    plain = {rule.id: rule for rule in rules}
    tried = 0
    for result in found:
        if not result.queries or result.rule.id not in plain:
            continue
        tried += 1
        text = re.sub(r'"[^"]*"', "", " ".join(result.queries).replace("{}", ""))
        types = event_types(result.rule.condition)
        for column in fields(result.rule.condition):
            (field,) = NAMES.fields(column, types)
            if field == column and result.rule.logsource.service is None and "." not in column:
                continue  # of another source than log files, which a rule for all of them reads beside these
            assert re.search(rf"(?<![\w.]){re.escape(field)}(?![\w.])", text + " ".join(result.queries)), (column, text)
            assert "." in column or not re.search(rf"(?<![\w.]){column}\s*([=<>:]|in\b|IN\b)", text), (column, text)
    assert tried > 40


@pytest.mark.parametrize("language", ["splunk", "esql"])
def test_the_published_pipeline_is_what_the_mappings_say(language: Language) -> None:
    """The file beside the mappings is made anew when they change: `rules convert --pipeline`."""
    path = shipped("mappings") / "pysigma" / f"{TARGETS[language]}.yml"
    assert path.read_text(encoding="utf-8") == pipeline_text(language)


def test_the_published_pipeline_gives_the_same_queries_by_itself(tmp_path: Path) -> None:
    """Any program built on pySigma, sigma-cli for one, converts with it as we do."""
    text = rule("{EVENT_TYPE: Login, CLIENT_IP: 192.0.2.1, LOGIN_STATUS|startswith: LOGIN_ERROR}")
    published = (shipped("mappings") / "pysigma" / "splunk.yml").read_text(encoding="utf-8")
    backend = SplunkBackend(ProcessingPipeline.from_yaml(published))
    (result,) = converted(tmp_path, text)
    assert backend.convert(SigmaCollection.from_yaml(text)) == list(result.queries)


def test_a_column_that_event_types_keep_in_different_fields_is_told_apart(tmp_path: Path) -> None:
    """By the event type that the rule names; a rule about both is not converted, for it would miss half of them."""
    assert "http.response.status_code=500" in query(tmp_path, "{EVENT_TYPE: RestApi, STATUS_CODE: 500}")
    other = query(tmp_path, "{EVENT_TYPE: ContinuationCalloutSummary, STATUS_CODE: 500}")
    assert "salesforce.status_code=500" in other
    (both,) = converted(tmp_path, rule("{EVENT_TYPE: [RestApi, ContinuationCalloutSummary], STATUS_CODE: 500}"))
    assert both.queries == ()
    assert "http.response.status_code or salesforce.status_code" in both.problem


def test_the_data_set_of_the_log_source_is_asked_for(tmp_path: Path) -> None:
    """A query finds neither alerts nor events of another source; Elastic's indices are named too."""
    assert 'leakline.service="event_log_file"' in query(tmp_path, "{EVENT_TYPE: API}")
    esql = query(tmp_path, "{EVENT_TYPE: API}", "esql")
    assert "from logs-salesforce.*" in esql
    (own,) = converted(tmp_path, rule("{event.action: log_gap}", service="agent", product="leakline"), "esql")
    assert "from logs-leakline.*" in own.queries[0]
    assert 'event.dataset in ("leakline.agent", "leakline.incident")' in own.queries[0]


def test_splunk_calls_lists_by_their_elements(tmp_path: Path) -> None:
    """`name{}` is what its extraction makes of a JSON array; Elastic has no such thing."""
    sel = "{leakline.indicator.kind: address}"
    assert '"leakline.indicator.kind{}"="address"' in query(tmp_path, sel)
    assert "leakline.indicator.kind:address" in query(tmp_path, sel, "lucene")


def test_columns_that_no_mapping_knows_are_shipped_in_lower_case(tmp_path: Path) -> None:
    """As the normaliser ships them."""
    assert 'salesforce.brand_new="x"' in query(tmp_path, "{EVENT_TYPE: API, BRAND_NEW: x}")


def test_placeholders_take_the_values_of_the_settings(tmp_path: Path) -> None:
    """Without values the rule is not converted, and the reason says what to do."""
    sel = "{EVENT_TYPE: API, CONNECTED_APP_ID|expand: '%Apps%'}"
    assert 'salesforce.connected_app_id IN ("a", "b")' in query(tmp_path, sel, Apps=["a", "b"])
    (result,) = converted(tmp_path, rule(sel), Apps=[])
    assert "-c" in result.problem


def test_correlations_group_by_shipped_names(tmp_path: Path) -> None:
    """Those that the backend can say; the others are told, and so are those whose rules are not shipped."""
    correlation = """---
title: many
id: 5f5b7ba1-54b7-4f86-a4a5-3cb3f1d1f1aa
correlation: {{type: {type}, rules: [{base}], group-by: [USER_ID], timespan: 1h, condition: {condition}}}
"""
    base, past = rule("{EVENT_TYPE: URI}", "base"), rule("{LoginType: X}", "far", "some_service")
    counted = correlation.format(type="event_count", base="base", condition="{gte: 3}")
    (result,) = converted(tmp_path, base + counted)
    assert "by _time user.id" in result.queries[0]
    assert "fixed, not sliding" in result.note
    summed = correlation.format(type="value_sum", base="base", condition="{gte: 3, field: ROWS_PROCESSED}")
    (result,) = converted(tmp_path, base + summed)
    assert "not supported" in result.problem
    (result,) = converted(tmp_path, past + counted.replace("[base]", "[far]"))
    assert result.problem == "far: events of some_service are not shipped yet"


def test_a_base_that_alerts_too_has_a_whole_query_of_its_own(tmp_path: Path) -> None:
    """With `generate: true` both are converted, and the base's query begins as any other."""
    text = (
        rule("{EVENT_TYPE: URI}", "base")
        + """---
title: many
id: 5f5b7ba1-54b7-4f86-a4a5-3cb3f1d1f1aa
correlation: {type: event_count, rules: [base], group-by: [USER_ID], timespan: 1h, condition: {gte: 3}, generate: true}
"""
    )
    alone, many = converted(tmp_path, text, "esql")
    assert alone.queries[0].startswith("from logs-salesforce.*")
    assert "stats" not in alone.queries[0]
    assert "stats event_count=count()" in many.queries[0]


def test_filters_are_part_of_the_queries(tmp_path: Path) -> None:
    """A filter ANDs its condition to the rules it names."""
    text = (
        rule("{EVENT_TYPE: URI}", "base")
        + """---
title: but not the robot
id: 6f5b7ba1-54b7-4f86-a4a5-3cb3f1d1f1aa
logsource: {product: salesforce, service: event_log_file}
filter:
  rules: [base]
  robot: {USER_ID: "005x"}
  condition: not robot
"""
    )
    (result,) = converted(tmp_path, text)
    assert 'NOT user.id="005x"' in result.queries[0]


def test_without_the_backends_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The message is a command that works."""

    def missing(name: str, *_: Any) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(LeaklineError, match="pip install --no-deps"):
        converted(tmp_path, rule("{EVENT_TYPE: URI}"))


def test_all_languages_have_a_backend_and_a_pipeline() -> None:
    """A language that the command offers works."""
    assert set(BACKENDS) == set(TARGETS) == set(LANGUAGES)


def test_event_types_are_what_a_condition_leaves_possible(tmp_path: Path) -> None:
    """All of a conjunction must allow one; an alternative without any leaves it open."""
    path = tmp_path / "rules.yml"
    for detection, expected in (
        ("{sel: {EVENT_TYPE: [URI, Login]}, more: {EVENT_TYPE: login}, condition: sel and more}", {"login"}),
        ("{sel: {EVENT_TYPE: URI}, more: {EVENT_TYPE: Login}, condition: sel or more}", {"uri", "login"}),
        ("{sel: {EVENT_TYPE: URI}, more: {A: x}, condition: sel or more}", None),
        ("{sel: {EVENT_TYPE|contains: URI}, condition: sel}", None),
        ("{sel: {EVENT_TYPE: URI}, condition: not sel}", None),
    ):
        document = {"title": "x", "logsource": {"product": "salesforce"}, "detection": yaml.safe_load(detection)}
        path.write_text(yaml.safe_dump(document))
        (rule,) = load([path])
        assert event_types(rule.condition) == expected


def test_what_a_backend_would_turn_into_another_question_is_not_converted(tmp_path: Path) -> None:
    """It drops the part of a time; Elastic finds no piece of text in an address, ES|QL nothing in a list."""
    (hour,) = converted(tmp_path, rule("{EVENT_TYPE: API, TIMESTAMP_DERIVED|hour|gte: 22}"), "lucene")
    assert "the hour of a time" in hour.problem
    (piece,) = converted(tmp_path, rule("{EVENT_TYPE: API, CLIENT_IP|startswith: '192.0.'}"), "esql")
    assert piece.problem.startswith("source.ip is not text there")
    assert query(tmp_path, "{EVENT_TYPE: API, CLIENT_IP|startswith: '192.0.'}").count("192.0.*") == 1
    assert "source.ip" in query(tmp_path, "{EVENT_TYPE: API, CLIENT_IP: 192.0.2.1}", "esql")
    (several,) = converted(tmp_path, rule("{leakline.indicator.kind: address}"), "esql")
    assert "several values" in several.problem


def test_not_is_true_of_a_missing_field_in_esql_too(tmp_path: Path) -> None:
    """Its own `not` of null is null, and the row would be lost."""
    text = rule("{EVENT_TYPE: API}").replace("condition: sel", "known: {leakline.app_approved: true}\n  condition: sel and not known")  # fmt: skip
    (result,) = converted(tmp_path, text, "esql")
    assert "not coalesce(leakline.app_approved==true, false)" in result.queries[0]


def test_baselines_and_correlations_with_ranges_are_told(tmp_path: Path) -> None:
    """The first nobody has, the second pySigma does not read."""
    text = (
        rule("{EVENT_TYPE: URI}", "base")
        + """---
title: unheard of
id: 5f5b7ba1-54b7-4f86-a4a5-3cb3f1d1f1ab
baseline: {type: first_seen, rules: [base], group-by: [USER_ID], condition: {field: CLIENT_IP}}
---
title: some
id: 5f5b7ba1-54b7-4f86-a4a5-3cb3f1d1f1ac
correlation: {type: event_count, rules: [base], timespan: 1h, condition: {gte: 3, lte: 5}}
"""
    )
    found = {result.rule.title: result for result in converted(tmp_path, text)}
    assert found.keys() == {"unheard of", "some"}
    assert "baselines" in found["unheard of"].problem
    assert found["some"].problem


def test_programs_are_given_one_rule_a_line_and_people_what_is_missing(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Exit status 1 as soon as one rule has no query."""
    (tmp_path / "rule.yml").write_text(rule("{EVENT_TYPE: URI}"))
    assert show([tmp_path], "splunk", None, Console(stderr=True), as_json=True) == 0
    (line,) = capfdbinary.readouterr().out.splitlines()
    assert orjson.loads(line)["queries"] == ['leakline.service="event_log_file" event.provider="URI"']
    (tmp_path / "rule.yml").write_text(rule("{Action: x}", service="some_service"))
    assert show([tmp_path], "splunk", None, Console(stderr=True, width=200), as_json=False) == 1
    told = capfdbinary.readouterr()
    assert told.out == b""
    assert b"some_service are not shipped yet" in told.err
    assert b"0 queries, 1 rule not converted" in told.err
