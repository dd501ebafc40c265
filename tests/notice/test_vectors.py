"""Deadlines that were computed by hand or stand in a published example, as `leakline clocks due` gives them."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from agent.cli.app import app


@dataclass(frozen=True)
class Vector:
    """One deadline: what is asked, and the first instant that is too late (UTC)."""

    name: str
    regime: str
    obligation: str
    anchors: dict[str, str]
    due: str
    zone: str = ""
    reading: str = ""
    facts: tuple[str, ...] = ()
    role: str = ""


BERLIN = "Europe/Berlin"
VECTORS = [
    Vector("72 h, strict", "eu-gdpr-33", "sa", {"aware": "2020-12-22T12:17:00+01:00"}, "2020-12-25T11:17:00Z", BERLIN),
    # The worked example of a law firm's page about Art. 3(1) of Regulation 1182/71.
    Vector("72 h from the next full hour", "eu-gdpr-33", "sa", {"aware": "2020-12-22T12:17:00+01:00"}, "2020-12-25T12:00:00Z", BERLIN, "eu_hours_1182"),
    Vector("the same at the end of that hour", "eu-gdpr-33", "sa", {"aware": "2020-12-22T12:59:00+01:00"}, "2020-12-25T12:00:00Z", BERLIN, "eu_hours_1182"),
    Vector("two working days are in it", "eu-gdpr-33", "sa", {"aware": "2020-12-22T12:17:00+01:00"}, "2020-12-25T12:00:00Z", BERLIN, "eu_two_working_days"),
    Vector("72 h over Christmas", "eu-gdpr-33", "sa", {"aware": "2026-12-24T15:05:00+01:00"}, "2026-12-27T14:05:00Z", BERLIN),
    Vector("two working days after Christmas", "eu-gdpr-33", "sa", {"aware": "2026-12-24T15:05:00+01:00"}, "2026-12-29T23:00:00Z", BERLIN, "eu_two_working_days"),
    Vector("72 h over the end of summer time", "eu-gdpr-33", "sa", {"aware": "2026-10-23T12:00:00+02:00"}, "2026-10-26T10:00:00Z", BERLIN),
    Vector("72 h over its beginning", "eu-gdpr-33", "sa", {"aware": "2026-03-27T12:00:00+01:00"}, "2026-03-30T11:00:00Z", BERLIN),
    Vector("four business days over Thanksgiving", "us-sec-8k-105", "filing", {"determined_material": "2026-11-20T12:00:00-05:00"}, "2026-11-28T05:00:00Z"),
    Vector("determined on a Saturday", "us-sec-8k-105", "filing", {"determined_material": "2026-06-13T12:00:00-04:00"}, "2026-06-19T04:00:00Z"),
    Vector("30 days in California", "us-ca-1798.82", "individuals", {"discovered": "2026-12-31T12:00:00-08:00"}, "2027-01-31T08:00:00Z"),
    Vector("three business days in Brazil", "br-lgpd-48", "anpd", {"aware": "2026-11-19T10:00:00-03:00"}, "2026-11-26T03:00:00Z"),
    Vector("a small agent has six", "br-lgpd-48", "anpd", {"aware": "2026-11-19T10:00:00-03:00"}, "2026-12-01T03:00:00Z", facts=("small_agent=true",)),
    Vector("three days in Singapore", "sg-pdpa-26", "pdpc", {"assessed_notifiable": "2026-11-20T10:00:00+08:00"}, "2026-11-23T16:00:00Z"),
    Vector("a month from the last of January", "eu-nis2-23", "final", {"prior_stage:notification": "2026-01-31T12:00:00+01:00"}, "2026-02-28T23:00:00Z", BERLIN),
    Vector("classified soon", "eu-dora-19", "initial", {"aware": "2026-11-23T08:00:00+01:00", "classified_major": "2026-11-23T10:00:00+01:00"}, "2026-11-23T13:00:00Z"),
    Vector("classified late within the day", "eu-dora-19", "initial", {"aware": "2026-11-23T08:00:00+01:00", "classified_major": "2026-11-24T06:00:00+01:00"}, "2026-11-24T07:00:00Z"),
    Vector("classified after the day", "eu-dora-19", "initial", {"aware": "2026-11-23T08:00:00+01:00", "classified_major": "2026-11-24T12:00:00+01:00"}, "2026-11-24T15:00:00Z"),
    Vector("not classified yet", "eu-dora-19", "initial", {"aware": "2026-11-23T08:00:00+01:00"}, "2026-11-24T07:00:00Z"),
    Vector("days after the year's end", "us-hipaa", "hhs_small", {"discovered": "2026-05-05T12:00:00-04:00"}, "2027-03-02T05:00:00Z", "America/New_York"),
    Vector("the discovery is taken to be the detection", "us-hipaa", "individuals", {"detected": "2026-05-05T12:00:00-04:00"}, "2026-07-05T04:00:00Z"),
    Vector("six hours in India", "in-certin-6h", "certin", {"noticed": "2026-11-20T22:30:00+05:30"}, "2026-11-20T23:00:00Z"),
    Vector("an operator of critical infrastructure", "cn-csi-2025", "cii", {"aware": "2026-11-20T10:00:00+08:00"}, "2026-11-20T03:00:00Z", role="cii_operator"),
    Vector("a target where the law has no number", "eu-gdpr-33-2", "controller", {"aware": "2026-11-20T10:00:00Z"}, "2026-11-21T10:00:00Z"),
    Vector("a shadow from the detection", "eu-gdpr-33", "sa", {"detected": "2026-11-20T10:00:00Z"}, "2026-11-23T10:00:00Z"),
    Vector("a last day that is a Sunday rolls in Japan", "jp-appi-26", "ppc_final", {"aware": "2026-10-30T10:00:00+09:00"}, "2026-11-30T15:00:00Z"),
]  # fmt: skip


def due(vector: Vector) -> dict[str, Any]:
    options = ["--regime", vector.regime]
    for name, time in vector.anchors.items():
        options += ["--anchor", f"{name}={time}"]
    for fact in vector.facts:
        options += ["--fact", fact]
    options += ["--zone", vector.zone] if vector.zone else []
    options += ["--as", vector.role] if vector.role else []
    done = CliRunner().invoke(app, ["clocks", "due", "--json", *options])
    assert done.exit_code == 0, done.output
    (found,) = [date for date in json.loads(done.stdout) if date["obligation"] == vector.obligation]
    return dict(found)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_deadline_is_the_one_computed_by_hand(vector: Vector) -> None:
    """The first instant that is too late, to the second."""
    found = due(vector)
    if vector.reading:
        (found,) = [later for later in found["later_readings"] if later["mode"] == vector.reading]
    assert datetime.fromisoformat(found["due_exclusive"]) == datetime.fromisoformat(vector.due)
