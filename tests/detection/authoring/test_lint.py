"""Warnings: what loads but could be better."""

from dataclasses import replace

import pytest

from agent.assembly.computed_columns import computed_columns
from agent.detection.authoring.absence import LogFileColumns
from agent.detection.authoring.lint import lint
from agent.detection.load import PLACEHOLDERS
from agent.enrichment.enricher import Enricher
from agent.enrichment.enrichment_data import EnrichmentData
from agent.enrichment.settings import EnrichSettings
from agent.model import Finding
from agent.normalize.mapping.load import whole_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped
from tests.detection.conftest import Write
from tests.golden.documents import FOLDER, golden_batch

PLAIN = """\
title: Plain
id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d01
status: test
level: low
logsource: {product: salesforce, service: event_log_file}
detection:
  sel: {A: x}
  condition: sel
"""


def findings(write: Write, text: str) -> list[Finding]:
    return list(lint([write("rule.yml", text)]))


def test_a_rule_without_faults_yields_nothing(write: Write) -> None:
    """Silence means that all is well."""
    assert findings(write, PLAIN) == []


def test_an_error_comes_with_file_line_and_advice(write: Write) -> None:
    """And is no warning."""
    (found,) = findings(write, PLAIN.replace("A: x", "A|foo: x"))
    assert (found.ok, found.warning, found.line) == (False, False, 7)
    assert found.path.endswith("rule.yml")
    assert found.fix


def warned(write: Write, text: str) -> list[tuple[int, str]]:
    found = findings(write, text)
    assert all(finding.warning and finding.path.endswith("rule.yml") for finding in found)
    return [(finding.line, finding.message) for finding in found]


def test_a_log_source_that_nothing_here_produces_is_pointed_out(write: Write) -> None:
    """At its own line, with those there are."""
    ((line, message),) = warned(write, PLAIN.replace("event_log_file", "event_logs"))
    assert (line, "event_logs" in message) == (5, True)
    ((_, message),) = warned(write, PLAIN.replace("product: salesforce", "product: okta"))
    assert "okta" in message


def test_what_pysigma_cannot_examine_is_pointed_out(write: Write) -> None:
    """A rule whose references are no texts ends no lint."""
    ((_, message),) = warned(write, PLAIN.replace("status: test", "status: test\nreferences: [{a: b}]"))
    assert "cannot examine" in message


def test_words_that_yaml_takes_for_truth_are_pointed_out(write: Write) -> None:
    """`NO` is Norway to everybody else."""
    (remark, *_) = warned(write, PLAIN.replace("A: x", "COUNTRY_CODE: NO"))
    assert "'NO'" in remark[1]


def test_a_selection_that_the_condition_forgets_is_pointed_out(write: Write) -> None:
    """By pySigma's validators."""
    found = warned(write, PLAIN.replace("  condition", "  forgotten: {B: y}\n  condition"))
    assert any("not referenced" in message or "Dangling" in message or "dangling" in message for _, message in found)


def test_a_missing_id_and_an_unknown_technique_are_pointed_out(write: Write) -> None:
    """Both cost something later."""
    text = PLAIN.replace("status: test", "status: test\ntags: [attack.t9999]")
    assert [message for _, message in warned(write, text)] == ["ATT&CK technique T9999 is not in the ATT&CK table"]
    assert any("no id" in message for _, message in warned(write, PLAIN.replace("id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d01\n", "")))  # fmt: skip


def test_a_key_that_is_nearly_one_of_sigmas_is_pointed_out(write: Write) -> None:
    """Keys of one's own are allowed, slips of the pen are likelier; the firing policy counts too."""
    text = PLAIN.replace("level: low", "levle: low") + "my_ticket: 5\n"
    assert warned(write, text) == [(4, "the key `levle` has no meaning")]
    assert "the key `quite` has no meaning" in [
        message for _, message in warned(write, PLAIN + "leakline: {quite: 1d}\n")
    ]


def test_rules_of_the_pack_owe_family_feed_and_triage(write: Write) -> None:
    """Once a rule has the key `leakline`."""
    messages = [message for _, message in warned(write, PLAIN + "leakline: {feed: gold}\n")]
    assert "`leakline.family` is missing" in messages
    assert "`leakline.feed` is 'gold'" in messages
    assert "`leakline.triage` is missing" in messages
    assert "the rule has no references" in messages


def test_placeholders_of_the_pack_are_known_without_settings(write: Write) -> None:
    """Else every shipped rule with a list would be an error."""
    name = next(iter(PLACEHOLDERS))
    assert findings(write, PLAIN.replace("A: x", f"A|expand: '%{name}%'")) == []


HEADERS = LogFileColumns(
    {"login": frozenset({"EVENT_TYPE", "COUNTRY_CODE"}), "report": frozenset({"EVENT_TYPE", "USER_ID"})},
    {"source.ip": "SOURCE_IP"},
    {"login": "Login", "report": "Report"},
)
MADE = replace(HEADERS, computed=frozenset({"leakline.session", "source.address", "source.ip", "user.id"}))
COUNT = """---
title: Many
id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d02
status: test
level: low
correlation: {type: event_count, rules: [0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d01], group-by: [USER_ID], timespan: 1h, condition: {gte: 3}}
"""


@pytest.mark.parametrize(
    ("asked", "said", "fix"),
    [
        ("EVENT_TYPE: Login, COUNTRY_CODE: DE", "", ""),
        ("EVENT_TYPE: [Login, Report], COUNTRY_CODE: DE", "", ""),
        ("EVENT_TYPE: Login, leakline.ip_kind: x", "", ""),
        (
            "EVENT_TYPE: Login, COUNTRY_CODES: DE",
            "no column COUNTRY_CODES in files of Login",
            "did you mean COUNTRY_CODE?",
        ),
        ("EVENT_TYPE: Login, USER_ID: x", "no column USER_ID in files of Login", "`header` of a mapping"),
        ("EVENT_TYPE: Login, source.ip: x", "no column SOURCE_IP in files of Login", "`header` of a mapping"),
        ("COUNTRYCODE: DE", "no known log file has a column COUNTRYCODE", "did you mean COUNTRY_CODE?"),
        ("EVENT_TYPE: Logins", "no known event type is called 'logins'", "did you mean Login?"),
    ],
)
def test_a_column_that_no_file_of_its_types_has_is_told(write: Write, asked: str, said: str, fix: str) -> None:
    """A rule that asks for it looks right, loads and never fires; the advice names what is like it."""
    path = write("rule.yml", PLAIN.replace("A: x", asked))
    found = list(lint([path], columns=HEADERS))
    assert [finding.message for finding in found] == ([said] if said else [])
    assert all(finding.warning and finding.line in (6, 7) and fix in finding.fix for finding in found)


def test_what_a_correlation_groups_by_is_looked_for_too(write: Write) -> None:
    """In the files of the rules it is made of."""
    by_type = {name: PLAIN.replace("A: x", f"EVENT_TYPE: {name}") + COUNT for name in ("Login", "Report")}
    (found,) = lint([write("rule.yml", by_type["Login"])], columns=HEADERS)
    assert found.message == "no column USER_ID in files of Login"
    assert list(lint([write("rule.yml", by_type["Report"])], columns=HEADERS)) == []


GROUPED = (
    PLAIN.replace("level: low", "level: low\nname: plain")
    + """---
title: Grouped
id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d02
status: test
correlation:
  type: value_count
  rules: [plain]
  group-by: [who]
  aliases: {who: {plain: COLUMN}}
  timespan: 1h
  condition: {field: A, gte: 2}
level: low
leakline: {feeder: true}
"""
)


def test_a_rule_of_the_pack_that_groups_by_what_the_sender_writes_is_pointed_out(write: Write) -> None:
    """Or by what only some event types have, behind an alias too; with what to write instead."""
    assert warned(write, GROUPED.replace("COLUMN", "user.id")) == []
    (found,) = findings(write, GROUPED.replace("COLUMN", "FORWARDED_FOR_IP"))
    assert (found.line, found.warning, found.fix) == (14, True, "write source.ip")


FOLDED = PLAIN.replace("A: x", "EVENT_TYPE: Login") + "leakline: {feeder: true, fold_by: NAMES}\n"


@pytest.mark.parametrize(
    ("names", "said", "fix"),
    [
        ("[USER_ID, COUNTRY_CODE]", "no column USER_ID in files of Login", "`header` of a mapping"),
        ("[COUNTRY_CODE]", "", ""),
        ("[leakline.session]", "", ""),
        ("COUNTRY_CODE", "`fold_by` is not a list", "write [COUNTRY_CODE]"),
        ("{a: b}", "`fold_by` is not a list", "write [USER_ID]"),
        ("[]", "`fold_by` is an empty list", "write [USER_ID], or leave it out"),
        ("[[A]]", "an entry of `fold_by` is not a name", "write [USER_ID]"),
        ("[NO_SUCH]", "no column NO_SUCH in files of Login", "`header` of a mapping"),
        ("[leakline.sesion]", "no event has a column leakline.sesion", "did you mean leakline.session?"),
    ],
)
def test_what_repeats_are_folded_by_is_a_list_of_known_columns(write: Write, names: str, said: str, fix: str) -> None:
    """Else the rule folds by something else than it says."""
    found = list(lint([write("rule.yml", FOLDED.replace("NAMES", names))], columns=MADE))
    assert [finding.message for finding in found] == ([said] if said else [])
    assert all(finding.warning and finding.line == 9 and fix in finding.fix for finding in found)


def test_a_data_set_that_no_new_event_has_is_pointed_out(write: Write) -> None:
    """Each family has its own; the service is in another field."""
    (found,) = findings(write, PLAIN.replace("A: x", "event.dataset: salesforce.event_log_file"))
    assert (found.warning, found.line, found.fix) == (True, 6, "write leakline.service: event_log_file")
    assert findings(write, PLAIN.replace("A: x", "event.dataset: salesforce.login")) == []


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("leakline.sesion", "did you mean leakline.session?"),
        ("source.address.ip", "did you mean source.address?"),
        ("leakline.nothing_like_it", "check the spelling"),
        ("leakline.number.some_column", None),
        ("leakline.session", None),
        ("cat.of.mine", None),
    ],
)
def test_a_computed_name_that_nothing_makes_is_pointed_out(write: Write, name: str, fix: str) -> None:
    """In a detection and where a correlation groups by it."""
    found = list(lint([write("rule.yml", PLAIN.replace("A:", f"{name}:"))], columns=MADE))
    assert [(finding.message, finding.fix) for finding in found] == (
        [(f"no event has a column {name}", fix)] if fix else []
    )
    grouped = (
        GROUPED.replace("COLUMN", name).replace("A: x", "EVENT_TYPE: Login").replace("field: A", "field: EVENT_TYPE")
    )
    found = list(lint([write("rule.yml", grouped)], columns=MADE))
    assert [(finding.message, finding.fix) for finding in found] == (
        [(f"no event has a column {name}", fix)] if fix else []
    )


def test_every_computed_column_is_known_to_the_lint() -> None:
    """A rule that asks for one is not called misspelt."""
    mappings = whole_mappings([shipped("mappings")])
    known, normalizer, enricher = (
        computed_columns(mappings),
        Normalizer(mappings),
        Enricher(EnrichmentData(EnrichSettings())),
    )
    for path in FOLDER.glob("*.csv"):
        frame = enricher.enrich(normalizer.prepare(golden_batch(path.stem)))
        made = {name for name in frame.columns if "." in name and not name.startswith("leakline.number.")}
        assert made <= known, (path.stem, made - known)
