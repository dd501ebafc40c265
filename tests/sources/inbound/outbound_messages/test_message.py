"""An outbound message of Salesforce is taken, a report for each notification, and its session is kept nowhere."""

import json

import pytest

from agent.redaction import redaction
from tests.sources.inbound.outbound_messages.envelopes import (
    NOTIFICATION,
    ORGANIZATION,
    PARTNER,
    RECEIVED,
    SESSION,
    envelope,
    notification,
    read,
    refused,
)

FIELDS = (
    ("Id", "006Hs000003T6krIAC"),
    ("Amount", "120000.0"),
    ("LastModifiedById", "005Hs000004AbCdIAK"),
    ("LastModifiedDate", "2026-07-01T10:00:00.000Z"),
    ("Name", "Pumps & <valves>"),
    ("NextStep", None),
)


def test_an_envelope_as_salesforce_sends_it_is_a_report_with_its_cells() -> None:
    """The ids of the message, the record's well-known fields and its time are cells, all its fields a text beside them."""
    body = envelope(notification(FIELDS))
    request = read(body)
    (report,) = request.reports
    assert (request.sender, request.received, request.size) == ("flows", RECEIVED, len(body.encode()))
    assert (report.id, report.event_type) == (NOTIFICATION, "OutboundMessage")
    assert {name: text for name, text in report.cells.items() if name != "fields"} == {
        "notification_id": NOTIFICATION,
        "action_id": "04kHs000000H0eKIAS",
        "organization_id": ORGANIZATION,
        "integration": "flows",
        "object": "Opportunity",
        "record_id": "006Hs000003T6krIAC",
        "Name": "Pumps & <valves>",
        "LastModifiedById": "005Hs000004AbCdIAK",
        "LastModifiedDate": "2026-07-01T10:00:00.000Z",
        "time": "2026-07-01T10:00:00.000Z",
        "time_source": "LastModifiedDate",
    }
    assert json.loads(report.cells["fields"]) == {name: text for name, text in FIELDS if text is not None}


def test_the_partner_form_is_read_with_its_second_id_and_any_prefix() -> None:
    """A message by the partner WSDL has the Id twice and other namespaces; its report is the same."""
    partner = notification((FIELDS[0], *FIELDS), prefix="urn1", namespace=PARTNER)
    assert read(envelope(partner)).reports == read(envelope(notification(FIELDS))).reports


def test_each_notification_is_a_report_of_its_own() -> None:
    """A hundred notifications are a hundred reports, in their order; one more is refused."""
    ids = [f"04lHs0000{number:06}" for number in range(101)]
    notifications = [notification(FIELDS, id_=id_) for id_ in ids]
    assert [report.id for report in read(envelope(*notifications[:100])).reports] == ids[:100]
    assert refused(envelope(*notifications))[0] == 413


@pytest.mark.parametrize("record", ["", '<sObject xsi:nil="true"/>'])
def test_a_record_deleted_before_the_message_was_sent_is_told_as_such(record: str) -> None:
    """A notification without a record says only that something was deleted."""
    (report,) = read(envelope(f"<Notification><Id>{NOTIFICATION}</Id>{record}</Notification>")).reports
    assert report.cells["deleted"] == "true"
    assert not {"object", "record_id", "fields"} & set(report.cells)


def test_fields_of_a_field_have_its_name_before_theirs() -> None:
    """A compound field is flattened into names with a dot."""
    address = "<sf:BillingAddress><sf:city>Ghent</sf:city></sf:BillingAddress>"
    body = envelope(notification(FIELDS)).replace("<sf:Amount>", f"{address}<sf:Amount>")
    assert json.loads(read(body).reports[0].cells["fields"])["BillingAddress.city"] == "Ghent"


@pytest.mark.parametrize(
    ("fields", "time", "source"),
    [
        ((("SystemModstamp", "2026-06-30T23:59:59Z"), ("LastModifiedDate", "2026-06-01T00:00:00Z")), "2026-06-30T23:59:59.000Z", "SystemModstamp"),
        ((("LastModifiedDate", "2026-07-01T02:00:00.5+02:00"),), "2026-07-01T00:00:00.500Z", "LastModifiedDate"),
        ((("LastModifiedDate", "2026-07-01T02:00:00"),), "2026-07-01T10:00:05.250Z", "received"),
        ((("SystemModstamp", "yesterday"),), "2026-07-01T10:00:05.250Z", "received"),
        ((("SystemModstamp", "0001-01-01T00:00:00+14:00"),), "2026-07-01T10:00:05.250Z", "received"),
        ((("CreatedDate", "2020-01-01T00:00:00.000Z"),), "2026-07-01T10:00:05.250Z", "received"),
    ],
)  # fmt: skip
def test_the_time_is_the_records_change_or_says_that_it_is_not(
    fields: tuple[tuple[str, str], ...], time: str, source: str
) -> None:
    """Where no field tells with a zone when the record changed, the time of arrival stands in and is flagged."""
    cells = read(envelope(notification(fields))).reports[0].cells
    assert (cells["time"], cells["time_source"]) == (time, source)


def test_a_message_of_another_org_is_refused_whole() -> None:
    """An OrganizationId that is not the sender's org's is 403, and the words name the setting's org only."""
    status, words = refused(envelope(notification(FIELDS), organization="00DHs00000syWDqMAM"))
    assert status == 403
    assert "acme" in words
    assert "00DHs" not in words


@pytest.mark.parametrize("organization", ["", "00D", "00DHs00000sywdp", "00DHs00000syWDpMAM1", "00DHs00000syWD\u0440"])
def test_what_is_not_the_orgs_id_does_not_pass_for_it(organization: str) -> None:
    """Missing, cut, prolonged, miswritten ids, and capitals that differ in 15 characters, are another org."""
    assert refused(envelope(notification(FIELDS), organization=organization))[0] == 403


@pytest.mark.parametrize("organization", ["00DHs00000syWDp", "00DHS00000SYWDPMAM", ORGANIZATION])
@pytest.mark.parametrize("known", ["00DHs00000syWDp", ORGANIZATION])
def test_both_forms_of_the_orgs_id_are_the_org(organization: str, known: str) -> None:
    """An id of 15 characters is the one of 18 that belongs to it; of these, capitals do not matter."""
    assert len(read(envelope(notification(FIELDS), organization=organization), organization=known).reports) == 1


def test_before_the_org_is_known_the_message_is_to_come_again() -> None:
    """503, without a look at the body, while nobody has signed in to the org."""
    status, words = refused(b"anything", organization="")
    assert status == 503
    assert "signed in" in words


@pytest.mark.parametrize("session", [SESSION, "an opaque session of another form"])
def test_the_session_is_kept_nowhere(session: str) -> None:
    """It is in no cell, not even where a formula put it into a field, and no text shows it from then on."""
    redaction.forget()
    fields = (*FIELDS, ("Link__c", f"https://acme.my.salesforce.com/secur/frontdoor.jsp?sid={session}&x=1"))
    request = read(envelope(notification(fields), session=session))
    assert session not in str(request)
    assert "Link__c" in str(request)
    assert session not in redaction.redact(f"somebody said {session} here")


def test_fields_that_are_secret_by_their_name_are_taken_out() -> None:
    """What the setting names, and what is called a secret, is no value that is kept; another session neither."""
    fields = (*FIELDS, ("Client_Secret__c", "s3cr3t-1"), ("IBAN__c", "BE68"), ("Note__c", f"see {SESSION}x"))
    (report,) = read(envelope(notification(fields), session=""), redact=["iban__c"]).reports
    kept = json.loads(report.cells["fields"])
    assert (kept["Client_Secret__c"], kept["IBAN__c"], kept["Note__c"]) == (
        "[redacted]",
        "[redacted]",
        "see [redacted]",
    )


def test_sessions_do_not_push_other_secrets_out_of_the_register() -> None:
    """A thousand messages with sessions of the usual form leave an org's token known."""
    redaction.forget()
    redaction.register_obtained("a token without any form")
    for number in range(1_000):
        read(envelope(notification(FIELDS), session=f"{SESSION}{number}"))
    assert "any form" not in redaction.redact("a token without any form")


def test_a_record_of_a_failure_object_is_a_sync_failure_with_its_message() -> None:
    """What the org records of its own failures is told as one, whatever the capitals of the setting."""
    text = "401 from the warehouse, password=hunter2"
    record = notification((*FIELDS, ("Message__c", text)), object_="Integration_Error__c")
    failure, change = read(
        envelope(record, notification(FIELDS)), failure_objects={"integration_error__c": "MESSAGE__C"}
    ).reports
    assert failure.event_type == "SyncFailure"
    assert {name: text for name, text in failure.cells.items() if name != "extra"} == {
        "integration": "flows",
        "object": "Integration_Error__c",
        "time": "2026-07-01T10:00:00.000Z",
        "report_id": NOTIFICATION,
        "record_ids": "006Hs000003T6krIAC",
        "record_count": "1",
        "scope": "flows / Integration_Error__c",
        "error_message": "401 from the warehouse, password=[redacted]",
    }
    extra = json.loads(failure.cells["extra"])
    assert (extra["action_id"], extra["fields"]["Amount"]) == ("04kHs000000H0eKIAS", "120000.0")
    assert "hunter2" not in str(failure.cells)
    assert change.event_type == "OutboundMessage"
    assert "error_message" not in change.cells
