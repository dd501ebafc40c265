"""The description at `/openapi.json` is exact: schemathesis, which reads it, finds nothing that it does not say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from agent.sources.inbound.serving.answers import Answer, RequestRefusal
from agent.sources.inbound.serving.link_route import LinkRequest
from agent.sources.inbound.serving.page import plain_page
from tests.certificates import make_certificates
from tests.sources.inbound.listening import SECRET_PATH, TOKEN, listening, secret, sender

EXAMPLES = 40
"""Of each operation, for each way to connect, from a sender that is known and from one that is not."""
SEED = 17
SIGNED = "a-link-that-is-signed"


@pytest.mark.parametrize("secured", [False, True])
def test_the_listener_does_what_its_description_says(
    tmp_path: Path, secured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what schemathesis makes of the description, good and bad: status, headers, content type and body of each answer."""
    certificates = make_certificates(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.ca))
    tls = {"certificate": str(certificates.server), "key": str(certificates.server_key)} if secured else None
    hidden = {"path": {"file": str(secret(tmp_path, "path", SECRET_PATH))}}
    senders = [
        sender(tmp_path, requests_per_second=100_000),
        sender(tmp_path, "hidden", authentication=hidden, requests_per_second=100_000),
    ]
    with listening(*senders, tls=tls) as there:
        document = schemathesis.openapi.from_url(f"{there.url}/openapi.json")
        operations = [found.ok() for found in document.get_all_operations() if isinstance(found, Ok)]
        assert len(operations) == 2  # schemathesis leaves out the description itself
        statuses = {operation.label: try_operation(operation) for operation in operations}
        assert statuses["POST /v1/reports/{sender}"] >= {200, 401, 422}
        assert statuses["POST /v1/outbound-messages/{path}"] >= {401, 422}
        assert there.batches


def try_operation(operation: Any) -> set[int]:
    """The statuses that came."""
    return {status for known in (True, False) for status in try_sender(operation, known=known)}


def try_sender(operation: Any, *, known: bool) -> set[int]:
    """`known`: whether the sender shows who it is."""
    statuses: set[int] = set()
    cases = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    cases |= operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    # What an envelope of Salesforce is, no schema of a text says.
    # And that somebody with a wrong link is to wait is not what schemathesis takes for an answer to good data.
    excluded = [positive_data_acceptance] if "/v1/reports" not in operation.label else []

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=cases)
    def call(case: Any) -> None:
        headers = {}
        if known and "sender" in case.path_parameters:
            case.path_parameters["sender"] = "middleware"
            headers = {"Authorization": f"Bearer {TOKEN}"}
        if known and "path" in case.path_parameters:
            case.path_parameters["path"] = SECRET_PATH
        if known and "token" in case.path_parameters:
            case.path_parameters["token"] = SIGNED
        response = case.call(headers=headers)
        statuses.add(response.status_code)
        case.validate_response(response, excluded_checks=excluded, headers=headers)

    call()
    return statuses


class OneLink:
    """Links of which one is signed, whatever its form says."""

    def knows(self, token: str) -> bool:
        return token == SIGNED

    def answer(self, request: LinkRequest) -> Answer:
        if request.form is not None and "proof" not in request.form:
            raise RequestRefusal(403, "It has no proof.")
        return plain_page(200, "Here", "It is.")


def test_links_do_what_the_description_says(tmp_path: Path) -> None:
    """Of whoever has one, and of whoever has not."""
    statuses: set[int] = set()
    with listening(sender(tmp_path), serves=False, links=OneLink()) as there:
        document = schemathesis.openapi.from_url(f"{there.url}/openapi.json")
        found = [operation.ok() for operation in document.get_all_operations() if isinstance(operation, Ok)]
        operations = [operation for operation in found if "acknowledge" in operation.label]
        assert sorted(operation.label for operation in operations) == [
            "GET /v1/acknowledge/{token}",
            "POST /v1/acknowledge/{token}",
        ]
        for operation in operations:
            statuses |= try_operation(operation)
    assert statuses >= {200, 403, 404}
