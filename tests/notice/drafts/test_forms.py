"""Every obligation has a notice, with the fields that its regime's contents ask for."""

from dataclasses import replace

import pytest

from agent.notice.arrangements.organisation import OrganisationSettings
from agent.notice.clock import Clock
from agent.notice.drafts.catalogue import FREE, form_of, shipped_fields
from agent.notice.drafts.drafting import drafted
from agent.notice.drafts.known import NoticeSubject
from agent.notice.drafts.notice import Notice
from agent.notice.regimes.model import Obligation, Regime
from agent.notice.regimes.pack import shipped
from tests.notice.incidents.made_incident import CLOCK, NOW, incident

PACK = shipped().pack
DUTIES = [
    pytest.param(regime, duty, id=f"{regime.id}/{duty.id}") for regime in PACK.regimes for duty in regime.obligations
]


def clock_of(regime: Regime, duty: Obligation) -> Clock:
    return replace(CLOCK, regime=regime.id, obligation=duty.id, stage=duty.stage, recipient=duty.recipient)


@pytest.mark.parametrize("regime, duty", DUTIES)
def test_every_obligation_has_a_draft_that_says_what_is_missing(regime: Regime, duty: Obligation) -> None:
    """Also where nothing is known but the alerts: each needed field is filled or missing."""
    form, clock = form_of(regime.id, duty.id, duty.recipient, PACK), clock_of(regime, duty)
    notice = Notice("inc-1", clock.id)
    subject = NoticeSubject(incident(), clock, [clock], OrganisationSettings(), ["controller"], notice)
    version = drafted(form, subject, None, NOW)
    entries = {entry.id: entry for entry in version.entries}
    assert form.needed <= entries.keys()
    assert {"organisation_name", "contact_point", "description"} <= {entry.id for entry in version.missing}
    assert all(entry.text or entry.is_missing for id_, entry in entries.items() if id_ in form.needed)
    assert version.completeness == "incomplete"


def test_every_content_of_the_pack_is_in_the_catalogue() -> None:
    """A text of a newer pack that is not becomes a field of its own."""
    texts = {text for regime in PACK.regimes for text in regime.content}
    assert texts <= shipped_fields().contents.keys()


def test_what_the_catalogue_does_not_know_is_a_field_of_its_own() -> None:
    """With the pack's words as its title, needed, in the last section; twice the same text is one field."""
    regime = PACK.regime("eu-gdpr-33")
    assert regime is not None
    newer = regime.model_copy(
        update={"content": ("nature of breach", "3 phone numbers (if known)", "Ünïcode", "nature")}
    )
    pack = PACK.model_copy(update={"regimes": (newer,)})
    form = form_of("eu-gdpr-33", "sa", "authority", pack)
    free = {field.id: field.title for field in form.fields if field.section == FREE}
    assert free == {"field_3_phone_numbers_if_known": "3 phone numbers (if known)", "n_code": "Ünïcode"}
    assert free.keys() <= form.needed


@pytest.mark.parametrize(
    "stage, needed, other",
    [
        ("early_warning", {"unlawful_act", "cross_border"}, "cause"),
        ("notification", {"severity", "indicators"}, "unlawful_act"),
        ("final", {"cause", "measures_taken"}, "indicators"),
    ],
)
def test_a_stage_is_asked_for_its_own_contents(stage: str, needed: set[str], other: str) -> None:
    """Contents that the pack lists for another stage are not needed."""
    form = form_of("eu-nis2-23", stage, "authority", PACK)
    assert needed <= form.needed
    assert other not in form.needed


def test_a_contract_is_asked_for_what_its_customer_needs() -> None:
    """It is in no pack."""
    form = form_of("contract:big", "customer", "customer: Big Inc", PACK)
    assert {"persons_affected", "measures_taken", "contact_point"} <= form.needed


def test_article_33_3_is_asked_for_whole() -> None:
    """All four letters of it, and the numbers of persons and records."""
    needed = form_of("eu-gdpr-33", "sa", "authority", PACK).needed
    article = {"description", "person_categories", "persons_affected", "data_categories", "records_affected"}
    assert article | {"contact_point", "likely_consequences", "measures_taken"} <= needed
