"""Merging incidents and splitting them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.notice.incidents.changes.anchoring import anchored
from agent.notice.incidents.changes.joining import merged, undecided
from agent.notice.incidents.changes.refusal import NotAllowed
from agent.notice.incidents.changes.settling import Statement, settled
from agent.notice.incidents.changes.splitting import Part, split
from agent.notice.incidents.incident import Fact
from tests.notice.incidents.made_incident import HOUR, NOW, alert, incident

ALERTS = [alert(number, rule="export" if number % 2 else "login") for number in range(6)]
WHOLE = incident(*ALERTS)


def test_what_is_known_goes_over_and_the_earliest_counts() -> None:
    """Of each anchor, of the detection, and of what was sent."""
    first = anchored(incident(alert(9)), {"aware": NOW - HOUR}, "eva", NOW, clocks=True)
    other = anchored(incident(alert(3, user="bob")), {"aware": NOW - 2 * HOUR}, "bob", NOW, clocks=True)
    other = settled(other, "eu-gdpr-33/sa", Statement("sent", receipt="LDI-1"), "bob", NOW)
    whole, (ended,) = merged(first, [other], "eva", NOW)
    assert whole.anchors["aware"].time == NOW - 2 * HOUR
    assert whole.detected_at == other.detected_at
    assert whole.settlements["eu-gdpr-33/sa"].receipt == "LDI-1"
    assert set(whole.links) == {"user:ana", "user:bob"}
    assert (ended.state, ended.merged_into, ended.alerts) == ("merged", first.id, 1)
    assert whole.merged_from == (other.id,)


def test_the_furthest_state_counts() -> None:
    """A candidate that is merged with what was confirmed is confirmed."""
    known = anchored(incident(alert(9, user="bob")), {"aware": NOW - HOUR}, "eva", NOW, clocks=True)
    whole, _ = merged(incident(alert(1, level="low")), [known], "eva", NOW)
    assert (whole.state, whole.has_clocks, whole.level) == ("confirmed", True, "high")


def test_what_does_not_apply_to_a_part_is_not_decided_of_the_whole() -> None:
    """No obligation of the first that stays is lost."""
    waived = Statement("not-applicable", reason="encrypted", approver="dpo")
    other = settled(incident(alert(3, user="bob")), "eu-gdpr-33/sa", waived, "bob", NOW)
    whole, _ = merged(incident(alert(9)), [other], "eva", NOW)
    assert whole.settlements == {}


def test_what_the_one_that_stays_need_not_do_is_decided_again_of_the_whole() -> None:
    """An open duty of the incident that joins it does not end by a word about other data; what a candidate brings changes nothing."""
    waived = Statement("not-applicable", reason="encrypted", approver="dpo")
    first = settled(incident(alert(9)), "eu-gdpr-34/individuals", waived, "eva", NOW)
    other = incident(alert(3, user="bob"))
    assert merged(first, [other], "eva", NOW)[0].settlements == {}
    alike = settled(other, "eu-gdpr-34/individuals", waived, "bob", NOW)
    assert "eu-gdpr-34/individuals" in merged(first, [alike], "eva", NOW)[0].settlements
    low = incident(alert(3, user="bob", level="low"))
    assert "eu-gdpr-34/individuals" in merged(first, [low], "eva", NOW)[0].settlements


def test_a_declared_fact_counts_before_an_estimate() -> None:
    """Wherever it comes from."""
    guess = replace(incident(), facts={"persons_affected": Fact(9.0, "leakline", NOW, estimated=True)})
    known = replace(incident(alert(3, user="bob")), facts={"persons_affected": Fact(7.0, "eva", NOW)})
    assert merged(guess, [known], "eva", NOW)[0].facts["persons_affected"].value == 7.0
    assert merged(known, [guess], "eva", NOW)[0].facts["persons_affected"].value == 7.0


def test_what_never_mixes_is_not_merged() -> None:
    """A drill with the real thing, an incident with itself, first that has ended."""
    with pytest.raises(NotAllowed, match="never mix"):
        merged(incident(), [incident(alert(1, origin="drill"))], "eva", NOW)
    with pytest.raises(NotAllowed, match="named twice"):
        merged(incident(), [incident()], "eva", NOW)
    _, (ended,) = merged(incident(), [incident(alert(1, user="bob"))], "eva", NOW)
    with pytest.raises(NotAllowed, match="merged into"):
        merged(incident(alert(2)), [ended], "eva", NOW)


def test_a_part_has_the_dates_of_the_whole() -> None:
    """When each of its alerts was raised is not known; its id is always the same."""
    known = anchored(WHOLE, {"aware": NOW - HOUR}, "eva", NOW, clocks=True)
    ids = [ALERTS[1].identity, ALERTS[3].identity]
    stays, child = split(known, Part("export", ids), "eva", NOW)
    assert (stays.alerts, child.alerts) == (4, 2)
    assert (child.detected_at, child.anchors, child.state) == (known.detected_at, known.anchors, "confirmed")
    assert child.rules.keys() == {"export"}
    assert not set(stays.alert_ids) & set(child.alert_ids)
    assert split(known, Part("export", ids[::-1]), "bob", NOW + HOUR)[1].id == child.id
    assert child.id not in (known.id, split(known, Part("export", ids[:1]), "eva", NOW)[1].id)


def test_all_alerts_of_a_rule_are_split_off_by_its_id() -> None:
    """Without their ids."""
    stays, child = split(WHOLE, Part("login", ()), "eva", NOW)
    assert (child.alerts, child.rules["login"].matches) == (3, 9)
    assert stays.rules.keys() == {"export"}


@pytest.mark.parametrize(
    "part, said",
    [
        (Part("", ()), "of 2 rules"),
        (Part("", [ALERTS[1].identity]), "--rule"),
        (Part("theft", ()), "no alert of a rule 'theft'"),
        (Part("export", ["ff"]), "'ff' is not an alert"),
        (Part("export", [known.identity for known in ALERTS]), "raised 3 alerts"),
    ],
)
def test_what_cannot_be_split_is_refused(part: Part, said: str) -> None:
    """With what to write."""
    with pytest.raises(NotAllowed, match=said):
        split(WHOLE, part, "eva", NOW)


def test_something_is_left_of_what_is_split() -> None:
    """An incident has an alert."""
    with pytest.raises(NotAllowed, match="nothing would be left"):
        split(incident(), Part("export", ()), "eva", NOW)


def test_a_waiver_of_the_one_that_stays_ends_no_obligation_of_the_other() -> None:
    """In whichever direction they are merged; where both have it, and where the other has no clocks, it stays."""
    waived = Statement("not-applicable", reason="encrypted", approver="dpo")
    into = settled(incident(alert(9)), "eu-gdpr-33/sa", waived, "bob", NOW)
    other = incident(alert(3, user="bob"))
    whole, _ = merged(into, [other], "eva", NOW)
    assert whole.settlements == {}
    assert undecided(into, [other], whole) == ["eu-gdpr-33/sa"]
    also = settled(other, "eu-gdpr-33/sa", waived, "bob", NOW)
    minor = incident(alert(4, user="cleo", level="low"))
    assert set(merged(into, [also, minor], "eva", NOW)[0].settlements) == {"eu-gdpr-33/sa"}


def test_facts_that_contradict_each_other_are_not_known_of_the_whole() -> None:
    """Ten persons here and a hundred thousand there are not ten; texts, and what agrees, stay."""
    first = {"persons_affected": Fact(10.0, "eva", NOW), "encrypted": Fact(True, "eva", NOW)}
    second = {"persons_affected": Fact(100_000.0, "bob", NOW), "encrypted": Fact(True, "bob", NOW)}
    into = replace(incident(), facts=first | {"root_cause": Fact("a token", "eva", NOW)})
    other = replace(incident(alert(3, user="bob")), facts=second | {"root_cause": Fact("an app", "bob", NOW)})
    whole, _ = merged(into, [other], "eva", NOW)
    assert {name: fact.value for name, fact in whole.facts.items() if not fact.estimated} == {
        "encrypted": True,
        "root_cause": "a token",
    }
    assert undecided(into, [other], whole) == ["persons_affected"]


def test_rules_beyond_those_that_are_named_are_counted_by_a_merge() -> None:
    """All alerts are alerts of some rule."""
    many = [
        incident(*(alert(60 * part + number, rule=f"rule{part}-{number}") for number in range(30))) for part in (0, 1)
    ]
    whole, _ = merged(many[0], [many[1]], "eva", NOW)
    assert sum(count.alerts for count in whole.rules.values()) == whole.alerts == 60
