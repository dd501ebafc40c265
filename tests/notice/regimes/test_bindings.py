"""Which regimes bind: a table of settings, and what is so for all settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.notice.deadlines import Reckoning
from agent.notice.regimes.binding import Binding, bindings, outcomes
from agent.notice.regimes.model import Hours
from agent.notice.regimes.pack import shipped
from agent.notice.settings import NoticeSettings

PACK = shipped().pack
DAY = date(2026, 11, 27)
OWN: tuple[str | None, ...] = (None,)

Bound = Mapping[str, tuple[str | None, ...]]


@dataclass(frozen=True)
class Case:
    settings: dict[str, Any]
    bound: Bound
    day: date = field(default=DAY)


def where(
    *jurisdictions: str, roles: tuple[str, ...] = ("controller",), sectors: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {"jurisdictions": [*jurisdictions], "roles": [*roles], "sectors": [*sectors]}


GDPR: Bound = {"eu-gdpr-33": OWN, "eu-gdpr-34": OWN}
CASES = {
    "of the issue": Case(
        where("eu", "uk", "us-ca"), {**GDPR, "uk-gdpr-33": OWN, "us-ca-1798.82": OWN, "us-ca-ccpa": OWN}
    ),
    "nowhere": Case(where(), {}),
    "a processor": Case(
        where("eu", "ch", "us-ca", roles=("processor",)),
        {"eu-gdpr-33-2": OWN, "ch-fadp-24": ("processor",), "us-ca-1798.82": ("maintainer",)},
    ),
    "both roles": Case(
        where("ch", "sg", roles=("controller", "processor")),
        {"ch-fadp-24": (None, "processor"), "sg-pdpa-26": (None, "data_intermediary")},
    ),
    "a law's own word": Case(where("us-ny", roles=("licensee",)), {"us-ny-899aa": OWN}),
    "a law's own word for a processor": Case(where("za", roles=("operator",)), {"za-popia-22": ("operator",)}),
    "a sector": Case(where("eu", sectors=("financial",)), {**GDPR, "eu-dora-19": OWN}),
    "a sector as a processor": Case(
        where("eu", roles=("processor",), sectors=("financial",)), {"eu-gdpr-33-2": OWN, "eu-dora-19": OWN}
    ),
    "a sector elsewhere": Case(where("br", sectors=("financial", "health")), {"br-lgpd-48": OWN}),
    "one of two sectors": Case(where("eu", sectors=("important_entity",)), {**GDPR, "eu-nis2-23": OWN}),
    "health": Case(where("us", sectors=("health",)), {"us-hipaa": OWN}),
    "health, for others": Case(
        where("us", roles=("business_associate",), sectors=("health",)), {"us-hipaa": ("business_associate",)}
    ),
    "health, for oneself and others": Case(
        where("us", roles=("controller", "business_associate"), sectors=("health",)),
        {"us-hipaa": (None, "business_associate")},
    ),
    "health without its sector": Case(where("us", roles=("covered_entity",)), {}),
    "a state brings the country": Case(
        where("us-fl", sectors=("banking", "listed_us")),
        {"us-fl-501.171": OWN, "us-bank-36h": OWN, "us-sec-8k-105": OWN},
    ),
    "a country brings no state": Case(where("ca"), {"ca-pipeda": OWN}),
    "a state of which nothing is known": Case(where("us-wa", sectors=("health",)), {"us-hipaa": OWN}),
    "whoever operates critical networks is an operator too": Case(
        where("cn", roles=("cii_operator",), sectors=("network_operator",)), {"cn-csi-2025": (None, "cii_operator")}
    ),
    "a contract that everybody has in a sector": Case(where(sectors=("payment_cards",)), {"pci-brands": OWN}),
    "proposed, pending": Case(where("uk", "us", sectors=("essential_services", "critical_infrastructure")), {"uk-gdpr-33": OWN}),
    "the day before a law": Case(where("in"), {"in-certin-6h": OWN}, date(2027, 5, 12)),
    "the day of a law": Case(where("in"), {"in-certin-6h": OWN, "in-dpdp-r7": OWN}, date(2027, 5, 13)),
    "any body is any": Case(where("in", roles=("processor",)), {"in-certin-6h": OWN}),
    "templates bind nobody": Case(where("contract", roles=("supplier", "insured", "processor")), {}),
    "nobody": Case(where("eu", roles=()), {}),
    "a contract": Case(
        {"contracts": [{"name": "big", "hours": 24, "recipient": "them"}]}, {"contract:big": OWN}
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_settings_say_what_binds(case: Case) -> None:
    """The regimes, and in which roles."""
    found = bindings(PACK, NoticeSettings(**case.settings), case.day)
    assert {binding.regime.id: binding.roles for binding in found} == case.bound


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_regime_has_an_outcome_with_a_reason(case: Case) -> None:
    """Those that do not bind too, each once."""
    found = outcomes(PACK, NoticeSettings(**case.settings), case.day)
    contracts = len(case.settings.get("contracts", []))
    assert [outcome.regime.id for outcome in found][: len(found) - contracts] == [regime.id for regime in PACK.regimes]
    assert all(outcome.why for outcome in found)
    assert {outcome.regime.id for outcome in found if outcome.binds} == set(case.bound)


REASONS = {
    "eu-gdpr-33": "eu, as controller",
    "us-ca-1798.82": "us-ca, as controller (owner and licensee)",
    "eu-dora-19": "eu, sector financial",
    "eu-gdpr-33-2": "only for a processor",
    "eu-gdpr-33-omnibus": "proposed, not in force",
    "eu-nis2-23": "only for those in the sector essential_entity or important_entity",
    "ch-fadp-24": "of ch, which is not among your jurisdictions",
    "in-dpdp-r7": "in force from 2027-05-13",
}


@pytest.mark.parametrize("regime", REASONS)
def test_a_reason_is_a_few_words(regime: str) -> None:
    """It names what decided."""
    found = outcomes(PACK, NoticeSettings(**where("eu", "us-ca", "in", sectors=("financial",))), DAY)
    assert {outcome.regime.id: outcome.why for outcome in found}[regime] == REASONS[regime]


def test_a_contract_may_count_from_when_it_occurred() -> None:
    """The word that people use is the pack's `event`."""
    contract = {"name": "big", "anchor": "occurred", "hours": 48, "recipient": "them"}
    (binding,) = bindings(PACK, NoticeSettings.model_validate({"contracts": [contract]}), DAY)
    assert binding.duties[0].anchor == "event"


def test_a_contract_is_a_regime_with_one_obligation() -> None:
    """Its hours count from its anchor, where the settings are."""
    contract = {"name": "big", "anchor": "suspected", "hours": 36.5, "recipient": "privacy@big.example"}
    settings = NoticeSettings.model_validate({"zone": "Asia/Tokyo", "contracts": [contract]})
    (binding,) = bindings(PACK, settings, DAY)
    (duty,) = binding.duties
    assert (binding.regime.id, binding.regime.status, binding.regime.zone) == (
        "contract:big",
        "contractual",
        "Asia/Tokyo",
    )
    assert (duty.id, duty.anchor, duty.recipient_name) == ("customer", "suspected", "privacy@big.example")
    assert duty.deadline == Hours(mode="hours", value=36.5)


def test_a_contract_with_an_unknown_anchor_counts_from_the_detection() -> None:
    """Nothing is earlier, so no clock is lost to a slip."""
    settings = NoticeSettings.model_validate(
        {"contracts": [{"name": "big", "anchor": "awrae", "hours": 1, "recipient": "them"}]}
    )
    (binding,) = bindings(PACK, settings, DAY)
    assert [duty.anchor for duty in binding.duties] == ["detected"]
    assert "'awrae' is not an anchor" in binding.why


JURISDICTIONS = sorted({*PACK.jurisdictions, "us-wa", "EU"})
ROLES = sorted({*PACK.roles, "emperor"})
SECTORS = sorted({*PACK.sectors, "fishing"})
WORDS = {"jurisdictions": JURISDICTIONS, "roles": ROLES, "sectors": SECTORS}
SCOPES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {key: st.lists(st.sampled_from(words), max_size=6) for key, words in WORDS.items()}
)
ADDED = st.sampled_from([(key, word) for key, words in WORDS.items() for word in words])
DAYS = st.dates(date(2022, 1, 1), date(2028, 1, 1))


def duties(found: list[Binding]) -> set[tuple[str, str]]:
    return {(binding.regime.id, duty.id) for binding in found for duty in binding.duties}


@given(SCOPES, ADDED, DAYS)
def test_what_more_is_said_never_unbinds(scope: dict[str, Any], added: tuple[str, str], day: date) -> None:
    """Another jurisdiction, role or sector, known or not."""
    before = duties(bindings(PACK, NoticeSettings(**scope), day))
    wider = {**scope, added[0]: [*scope[added[0]], added[1]]}
    assert before <= duties(bindings(PACK, NoticeSettings(**wider), day))


@given(SCOPES, DAYS)
def test_the_roles_of_a_binding_give_its_dates(scope: dict[str, Any], day: date) -> None:
    """The reckoning in these roles has the duties of the binding and no others."""
    for binding in bindings(PACK, NoticeSettings(**scope), day):
        dates = [
            found.obligation
            for role in binding.roles
            for found in Reckoning(PACK).due_dates(binding.regime, {}, {}, role=role)
        ]
        assert sorted(dates) == sorted(duty.id for duty in binding.duties)


@pytest.mark.parametrize("regime", [found.id for found in PACK.regimes if not found.sectors and not found.template])
def test_every_law_without_sectors_binds_by_a_role_that_everybody_knows(regime: str) -> None:
    """Nobody has to know the law's own words; on the day on which all law with a date is in force."""
    law = PACK.regime(regime)
    assert law is not None
    day = max(DAY, law.effective_from or DAY)
    settings = NoticeSettings(**where(*law.jurisdictions, roles=("controller", "processor")))
    (found,) = [outcome for outcome in outcomes(PACK, settings, day) if outcome.regime.id == regime]
    assert found.duties == (list(law.obligations) if law.in_force(day) else [])
