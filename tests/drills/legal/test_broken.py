"""What is wrong in a pack or in a part makes the right stage fail, and says what is different."""

from __future__ import annotations

from typing import Any

import pytest

from agent.notice.clocks import keeper as clock_keeper
from agent.notice.clocks import turns
from agent.notice.drafts import drafting
from agent.notice.escalation import alarm_messages, next_look
from agent.trail import chain
from tests.drills.legal.legal_runs import PACK, Regimes, changed_pack, duty, failed

TRIED = [regime for regime in PACK.regimes if regime.status in ("in_force", "contractual") and not regime.template]


def longer(deadline: dict[str, Any]) -> None:
    """By one of whatever it counts."""
    if deadline["mode"] == "min_of":
        for part in deadline["of"]:
            part["value"] += 1
        return
    name = "policy_target_hours" if deadline["mode"] == "undue_delay" else "value"
    deadline[name] += 1


@pytest.mark.parametrize("regime", [regime.id for regime in TRIED])
def test_any_term_that_is_longer_is_found(regime: str) -> None:
    """The dates differ from those of the table, and the obligation is named with both."""
    number = len(regime) % len(next(known for known in TRIED if known.id == regime).obligations)

    def change(regimes: Regimes) -> None:
        longer(regimes[regime]["obligations"][number]["deadline"])

    changed = changed_pack(change)
    name = next(known for known in changed.regimes if known.id == regime).obligations[number].id
    stages = failed(f"legal:{regime}", changed)
    assert {"dates", "stages"} & set(stages)
    assert any(
        f"{regime}/{name} has 20" in sentence and "the count gives 20" in sentence for sentence in stages.values()
    )
    assert "obligations" not in stages


def test_a_longer_deadline_says_both_dates() -> None:
    """From the detection on 20 November, and ten minutes later by what was declared."""

    def change(regimes: Regimes) -> None:
        duty(regimes, "eu-gdpr-33/sa")["deadline"]["value"] = 96

    stages = failed("legal:eu-gdpr-33", changed_pack(change))
    assert set(stages) == {
        "terms",
        "strict dates",
        "dates",
        "alarms",
        "late",
        "presumed",
        "strict dates passed",
        "known dates",
    }
    assert stages["dates"] == "eu-gdpr-33/sa has 2026-11-24 09:10:00 UTC, and the count gives 2026-11-23 09:10:00 UTC"


def test_a_term_that_no_date_shows_is_found() -> None:
    """From 20 November on, 29 days end on a Saturday and 30 on a Sunday: both roll to the same Monday."""

    def change(regimes: Regimes) -> None:
        duty(regimes, "jp-appi-26/ppc_final")["deadline"]["value"] = 29

    stages = failed("legal:jp-appi-26", changed_pack(change))
    assert list(stages) == ["terms"]
    assert "`from aware, days 29, zone Asia/Tokyo, rolls JP`, and in the table `from aware, days 30," in stages["terms"]


def test_an_obligation_that_is_missing_is_named() -> None:
    """Also where it is the whole regime."""

    def without(regimes: Regimes) -> None:
        regimes["eu-nis2-23"]["obligations"].remove(duty(regimes, "eu-nis2-23/early_warning"))

    stages = failed("legal:eu-nis2-23", changed_pack(without))
    assert stages["obligations"] == "eu-nis2-23/early_warning has no clock"
    stages = failed("legal:eu-gdpr-33", changed_pack(lambda regimes: regimes.__delitem__("eu-gdpr-33")))
    assert list(stages) == ["obligations"]
    assert "does not have the regime eu-gdpr-33" in stages["obligations"]


@pytest.mark.parametrize(
    ("drill", "name", "member", "value", "stage"),
    [
        ("eu-gdpr-33", "eu-gdpr-33/sa", "anchor", "determined", "dates"),
        ("eu-nis2-23", "eu-nis2-23/final", "anchor", "prior_stage:early_warning", "stages"),
        ("holiday", "jp-appi-26/ppc_final", "deadline", {"mode": "calendar_days", "value": 30, "zone": "Asia/Tokyo"}, "a last day that is a Sunday rolls in Japan"),
        ("holiday", "us-sec-8k-105/filing", "deadline", {"mode": "calendar_days", "value": 4, "zone": "America/New_York"}, "four business days over Thanksgiving"),
        ("dst-night", "us-fl-501.171/dla", "deadline", {"mode": "hours", "value": 720}, "30 days in Florida over the beginning of summer time"),
        ("eu-gdpr-34", "eu-gdpr-34/individuals", "applies", {"fact": "high_risk", "is": False}, None),
    ],
)  # fmt: skip
def test_each_kind_of_error_fails_where_it_shows(drill: str, name: str, member: str, value: object, stage: str) -> None:
    """Another anchor, another stage, a deadline that does not roll, hours where days are meant; what changes no date passes."""

    def change(regimes: Regimes) -> None:
        duty(regimes, name)[member] = value

    stages = failed(f"legal:{drill}", changed_pack(change))
    assert (stage in stages) if stage else stages == {}


def test_what_stands_for_an_anchor_is_counted_too() -> None:
    """Nothing is presumed to be the detection any more; a kind of knowing is no longer one."""
    assert "presumed" in failed("legal:us-hipaa", changed_pack(lambda _: None, presumed_anchors={}))
    kept = [*PACK.no_shadow, "aware"]
    stages = failed("legal:eu-gdpr-33", changed_pack(lambda _: None, no_shadow=kept))
    assert stages["strict dates"].startswith("eu-gdpr-33/sa has no date, and the count gives 2026-11-23")


@pytest.mark.parametrize(
    ("part", "name", "fault", "stage"),
    [
        (next_look, "next_alarms", lambda *_: iter(()), "alarms"),
        (alarm_messages, "alarms", lambda _clocks, _at, marks, *_: ([], dict(marks)), "messages"),
        (clock_keeper, "next_look", lambda *_: None, "late"),
        (clock_keeper, "presumption", lambda *_: None, "presumed"),
        (turns, "_actions", lambda *_: iter(()), "strict dates passed"),
        (drafting, "_needed", lambda *_, **__: frozenset(), "drafts"),
        (drafting, "REASONS", "began_at", "reasons"),
        (chain, "link", lambda _: bytes(32), "trail"),
    ],
)
def test_a_part_that_does_nothing_is_found(
    part: Any, name: str, fault: Any, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No alarm, no lateness, no presumption, no event, no link: each fails where it shows."""
    monkeypatch.setattr(part, name, fault)
    assert stage in failed("legal:eu-gdpr-33")


def test_a_part_that_raises_ends_the_drill_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage is the one that comes after the last verdict; the trail is verified still."""

    def raising(*_: object) -> None:
        raise RuntimeError("no calendar")

    monkeypatch.setattr(clock_keeper, "presumption", raising)
    stages = failed("legal:eu-gdpr-33")
    assert stages == {"after terms": "it broke off: RuntimeError: no calendar"}
