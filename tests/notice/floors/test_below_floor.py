"""Each floor by itself: what is refused, with which words, and what is lowered instead."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from agent.notice.clocks.basis import basis_of
from agent.notice.floors.floors import at_floors, below_floor
from agent.notice.regimes.pack import shipped
from agent.notice.settings import NoticeSettings
from tests.notice.clocks.packs import with_hours

HOUR = timedelta(hours=1)
MAIL = {"name": "mail", "type": "smtp", "host": "mail.example.com", "from": "leakline@example.com"}
TOLD = {"people": [{"name": "ana", "channels": ["mail"]}], "channels": [MAIL]}


def settings(**values: Any) -> NoticeSettings:
    return NoticeSettings.model_validate({"jurisdictions": ["eu"], **values})


def policy(**values: Any) -> dict[str, Any]:
    return {"name": "grave", "steps": [{"notify": ["ana"]}], **values}


def sentences(found: NoticeSettings) -> list[str]:
    return [f"{breach.key}: {breach.sentence}" for breach in below_floor(found, shipped().pack)]


REFUSED: Mapping[str, tuple[dict[str, Any], str]] = {
    "awareness after the term": (
        {"presume_aware_after": "73h"},
        (
            "notice.presume_aware_after: 73h is not within 3d, the term of eu-gdpr-33/sa "
            "(Regulation (EU) 2016/679, 33(1),(3),(4),(5)); write 3d or less"
        ),
    ),
    "a shorter term of another role": (
        {"presume_aware_after": "36h", "roles": ["controller", "processor"]},
        (
            "notice.presume_aware_after: 36h is not within 1d, the term of eu-gdpr-33-2/controller "
            "(Regulation (EU) 2016/679, 33(2), 28(3)(f)); write 1d or less"
        ),
    ),
    "a law that is not in force yet": (
        {"jurisdictions": ["in"], "presume_aware_after": "12h"},
        (
            "notice.presume_aware_after: 12h is not within 6h, the term of in-dpdp-r7/board_initial "
            "(DPDP Act 2023 s 8(6); DPDP Rules 2025, Rule 7); write 6h or less"
        ),
    ),
    "a name in another case": (
        {"jurisdictions": ["EU"]},
        "notice.jurisdictions: 'EU' is not a jurisdiction of any regime; write eu",
    ),
    "no role": (
        {"roles": []},
        (
            "notice.roles: an empty list is not a role by which any law of eu binds, such as eu-gdpr-33 "
            "(Regulation (EU) 2016/679, 33(1),(3),(4),(5)); write controller or processor besides"
        ),
    ),
    "a word of another law": (
        {"jurisdictions": ["eu", "us"], "roles": ["business_associate"], "sectors": ["health"]},
        (
            "notice.roles: business_associate is not a role by which any law of eu binds, such as eu-gdpr-33-2 "
            "(Regulation (EU) 2016/679, 33(2), 28(3)(f)); write processor besides"
        ),
    ),
    "a role without its sector": (
        {"jurisdictions": ["us"], "roles": ["controller", "bank"]},
        (
            "notice.sectors: bank is not a role outside of the sector banking, and us-bank-36h "
            "(12 CFR 53 / 225 / 304) is left out; write the sector banking, or another role"
        ),
    ),
    "clocks of critical incidents alone": (
        {"clocks_from": "critical"},
        (
            "notice.clocks_from: critical is not a level from which clocks run in time: eu-gdpr-33 binds "
            "(Regulation (EU) 2016/679, 33(1),(3),(4),(5)), and incidents of the level high would have none; "
            "write high or a lower level"
        ),
    ),
    "a snooze that outlasts the term": (
        {"jurisdictions": ["in"], "longest_snooze": "7h"},
        (
            "notice.longest_snooze: 7h is not within 6h, the term of in-certin-6h/certin "
            "(IT Act s 70B(6) Directions, direction (ii), Annexure I); write 6h or less"
        ),
    ),
    "an acknowledgement that outlasts it": (
        {"jurisdictions": ["in"], **TOLD, "policies": [policy(acknowledgement="2d")]},
        (
            "notice.policies[0].acknowledgement: 2d is not within 6h, the term of in-certin-6h/certin "
            "(IT Act s 70B(6) Directions, direction (ii), Annexure I); write 6h or less"
        ),
    ),
    "a first step when it is too late": (
        {**TOLD, "policies": [policy(steps=[{"notify": ["ana"], "after": "3d"}])]},
        (
            "notice.policies[0].steps[0].after: 3d is not before 3d, the term of eu-gdpr-33/sa "
            "(Regulation (EU) 2016/679, 33(1),(3),(4),(5)): no person would be told in time; write less than 3d, such as 0m"
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_weaker_is_refused_with_what_to_write(case: str) -> None:
    """The law and its article are named."""
    values, sentence = REFUSED[case]
    assert sentences(settings(**values)) == [sentence]


IMPOSSIBLE: Mapping[str, tuple[dict[str, Any], str]] = {
    "a first alarm when little is left": ({"alarms": {"at": [0.9, 1]}}, "0.9 is too late for the first alarm"),
    "no alarm before the date": ({"alarms": {"short": [1.0]}}, "1 is too late for the first alarm"),
    "an alarm at the very beginning alone": ({"alarms": {"at": [0.0001, 1]}}, "no alarm comes between 0.1 and 0.75"),
    "an alarm at the beginning and the end": ({"alarms": {"short": [0.05, 0.9, 1]}}, "no alarm comes between"),
    "an acknowledgement that lapses at once": (
        {**TOLD, "policies": [policy(acknowledgement="1ms")]},
        "1ms is too short for a person to act; write 1m or more",
    ),
    "an alarm at no number": ({"alarms": {"at": [float("nan"), 1]}}, "finite number"),
    "an alarm at no number in the middle": ({"alarms": {"at": [0.5, float("nan"), 1]}}, "finite number"),
    "hours that are none": ({"contracts": [{"name": "c", "hours": float("nan"), "recipient": "x"}]}, "contracts"),
    "an incident of a year": ({"group_within": "365d"}, "write at most 7d"),
    "a candidate closed before more can come": (
        {"close_candidates_after": "1h"},
        "close_candidates_after: 1h is less than `group_within`; write 1d or more",
    ),
    "an empty step": (
        {**TOLD, "policies": [policy(steps=[{"notify": ["on_call"]}])]},
        "steps[0] of grave notifies no person, because `on_call` has neither `rotations` nor a `calendar`",
    ),
    "nobody at all": (
        {"policies": [policy(steps=[{"notify": ["everyone"]}])]},
        "grave notifies no person, because `people` is empty",
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_no_law_need_be_known_for_is_refused_when_it_is_read(case: str) -> None:
    """Also where nothing binds."""
    values, words = IMPOSSIBLE[case]
    with pytest.raises(ValidationError) as refused:
        settings(**values)
    assert words in str(refused.value)


ACCEPTED: Mapping[str, dict[str, Any]] = {
    "nothing written": {},
    "at the floor": {"presume_aware_after": "72h"},
    "the default where a law is shorter": {
        "jurisdictions": ["cn"],
        "presume_aware_after": "24h",
        "longest_snooze": "24h",
    },
    "a law that counts from nothing like it": {"jurisdictions": ["us-ca"], "presume_aware_after": "90d"},
    "no law": {"jurisdictions": [], "clocks_from": "critical", "longest_snooze": "30d"},
    "a vendor of hospitals": {"jurisdictions": ["us"], "roles": ["business_associate"], "sectors": ["health"]},
    "a processor where only controllers are bound": {"jurisdictions": ["ca"], "roles": ["processor"]},
    "nobody but the SIEM": {"people": []},
    "alarms from the beginning on": {"alarms": {"at": [0.0001, 0.75, 1], "short": [0.1, 1]}},
    "policies of some orgs": {**TOLD, "policies": [policy(orgs=["acme"])]},
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_is_as_strict_as_the_law_is_accepted(case: str) -> None:
    """Nobody is refused for a default, or for a fact about themselves."""
    assert sentences(settings(**ACCEPTED[case])) == []


def test_defaults_are_lowered_to_the_law() -> None:
    """Four hours are the shortest term of a network operator in China, six of anybody in India."""
    china = at_floors(settings(jurisdictions=["cn"], sectors=["network_operator"], **TOLD), shipped().pack)
    assert (china.presume_aware_after, china.longest_snooze) == (4 * HOUR, 4 * HOUR)
    india = at_floors(settings(jurisdictions=["in"], **TOLD), shipped().pack)
    assert (india.presume_aware_after, india.longest_snooze, india.longest_maintenance) == (
        6 * HOUR,
        6 * HOUR,
        4 * HOUR,
    )
    pack = with_hours("in-certin-6h", 2).pack
    assert [policy.acknowledgement for policy in at_floors(india, pack).policies_in_force] == [2 * HOUR]


def test_a_newer_pack_lowers_the_presumption_of_settings_that_stay() -> None:
    """A reload may bring it, while the settings are read at a start alone."""
    written = settings(presume_aware_after="72h")
    assert basis_of(written, shipped()).presume_aware_after == 72 * HOUR
    assert basis_of(written, with_hours("eu-gdpr-33", 48)).presume_aware_after == 48 * HOUR


def test_orgs_that_no_policy_names_have_one() -> None:
    """Of the grave levels that others have a policy for; what is for all orgs needs no other."""
    apart = settings(**TOLD, policies=[policy(orgs=["acme"]), policy(name="low", levels=["critical"])])
    assert [(found.name, found.levels) for found in apart.policies_in_force[2:]] == [("others", ["high"])]
    assert len(settings(**TOLD, policies=[policy()]).policies_in_force) == 1


def test_spans_are_whole_milliseconds() -> None:
    """So they are the same once they were written out; what is none of them is too short."""
    written = settings(group_within="1.6ms")
    assert NoticeSettings.model_validate(written.model_dump(mode="json")) == written
    with pytest.raises(ValidationError, match="too short"):
        settings(group_within="0.4ms")


def test_a_grave_level_without_a_policy_has_one_where_a_law_binds() -> None:
    """What is written stays; without a law it is all there is."""
    written = settings(jurisdictions=["eu"], **TOLD, policies=[policy(levels=["critical", "low"])])
    added = at_floors(written, shipped().pack).policies_in_force
    assert [(found.name, list(found.levels)) for found in added] == [
        ("grave", ["critical", "low"]),
        ("law", ["high"]),
    ]
    assert list(below_floor(written, shipped().pack)) == []
    free = settings(**{**TOLD, "jurisdictions": [], "policies": [policy(levels=["critical"])]})
    assert at_floors(free, shipped().pack).policies_in_force == free.policies_in_force
