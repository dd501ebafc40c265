"""What Salesforce hears is SOAP 1.1, whatever the words."""

from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from agent.sources.inbound.outbound_messages.answers import ACKNOWLEDGED, LONGEST_FAULT, fault

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"


def test_the_acknowledgement_is_what_the_wsdl_of_salesforce_describes() -> None:
    """`notificationsResponse` with `Ack` true, both in the namespace of outbound messages, alone in the body."""
    envelope = ElementTree.fromstring(ACKNOWLEDGED)
    (body,) = envelope
    (response,) = body
    (ack,) = response
    outbound = "{http://soap.sforce.com/2005/09/outbound}"
    assert [part.tag for part in (envelope, body, response, ack)] == [
        f"{SOAP}Envelope", f"{SOAP}Body", f"{outbound}notificationsResponse", f"{outbound}Ack",
    ]  # fmt: skip
    assert ack.text == "true"


@given(st.text(), st.booleans())
def test_a_fault_is_well_formed_whatever_its_words(words: str, ours: bool) -> None:
    """Markup, control characters and lone surrogates in the words do not break out of the fault."""
    envelope = ElementTree.fromstring(fault(words, ours=ours))
    (found,) = envelope.iter(f"{SOAP}Fault")
    assert [part.tag for part in found] == ["faultcode", "faultstring"]
    assert found[0].text == ("soapenv:Server" if ours else "soapenv:Client")


def test_a_fault_is_bounded() -> None:
    """Words without end are cut."""
    assert len(fault("<" * 100_000)) < 8 * LONGEST_FAULT
