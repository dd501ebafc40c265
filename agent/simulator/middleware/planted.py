"""What can be planted among the reports: each with the rules that are to find it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from agent.simulator.middleware.integrations import INTEGRATIONS, LOCK, NO_RIGHT, NO_SESSION, ORG, Endpoint
from agent.simulator.middleware.report_day import ATTEMPTS, MINUTE, ReportDay, TimedReport
from agent.simulator.world.networks import networks_of
from agent.simulator.world.sessions import HOUR

SILENT = "heartbeat_stops"

_ORDERS, _BILLING, _WAREHOUSE, _MARKETING = INTEGRATIONS


@dataclass(frozen=True, slots=True)
class MiddlewareScenario:
    """`rules`: the names of those that are to find it."""

    summary: str
    plant: Callable[[ReportDay, int], Iterable[TimedReport]]
    """The reports that it brings, from this moment (ms) on."""
    rules: tuple[str, ...]


def _first_failure(day: ReportDay, begin: int) -> Iterator[TimedReport]:
    yield day.failure(_BILLING, "Invoice__c", begin, 1, NO_SESSION)


def _given_up(day: ReportDay, begin: int) -> Iterator[TimedReport]:
    for attempt in range(1, ATTEMPTS + 1):
        last = attempt == ATTEMPTS
        yield day.failure(_ORDERS, "OrderItem", begin + attempt * 10 * MINUTE, attempt, LOCK, gave_up=last)


def _interface_down(day: ReportDay, begin: int) -> Iterator[TimedReport]:
    random = day.random("interface_down")
    for number in range(8):
        yield day.failure(_MARKETING, "CampaignMember", begin + number * 30 * MINUTE, 1, LOCK, status=503)
    for number in range(40):
        yield day.call(
            _MARKETING, _MARKETING.endpoints[0], begin + number * 10_000, random, status=503, response_bytes=0
        )


def _rights_lost(day: ReportDay, begin: int) -> Iterator[TimedReport]:
    random = day.random("rights_lost")
    for number, entity in enumerate(_WAREHOUSE.objects):
        yield day.failure(_WAREHOUSE, entity, begin + number * MINUTE, 1, NO_RIGHT, status=403)
    for number in range(30):
        yield day.call(
            _WAREHOUSE, _WAREHOUSE.endpoints[0], begin + number * 15_000, random, status=403, response_bytes=80
        )


def _stolen_credentials(day: ReportDay, begin: int) -> Iterator[TimedReport]:
    """Somebody else has what the integration signs in with, and reads all contacts from a rented server."""
    random = day.random("stolen_credentials")
    endpoint = Endpoint("GET", f"{ORG}/queryAll?q=SELECT+FIELDS(ALL)+FROM+Contact", 400_000)
    address = networks_of("hosting")[1].address(9)
    user = "admin.support@trading.example"
    for number in range(2_400):
        time = begin + number * HOUR // 2_500
        yield day.call(_BILLING, endpoint, time, random, source_ip=address, user=user)


def _sent_elsewhere(day: ReportDay, begin: int) -> Iterator[TimedReport]:
    random = day.random("sent_elsewhere")
    for number in range(5):
        endpoint = Endpoint("POST", "https://paste.collector.example/upload", 20)
        yield day.call(_MARKETING, endpoint, begin + number * MINUTE, random, request_bytes=4_000_000)


SCENARIOS = {
    "sync_first_failure": MiddlewareScenario(
        "an integration fails once, for want of a session", _first_failure, ("sync_failed",)
    ),
    "sync_given_up": MiddlewareScenario(
        "five attempts fail, and there is no sixth", _given_up, ("sync_failed", "sync_given_up")
    ),
    "interface_down": MiddlewareScenario(
        "one job fails for four hours, and calls with it", _interface_down, ("sync_failing", "reported_calls_failing")
    ),
    "integration_rights_lost": MiddlewareScenario(
        "an integration loses its rights on all objects", _rights_lost,
        ("sync_failing_widely", "reported_calls_refused"),
    ),
    "integration_credentials_stolen": MiddlewareScenario(
        "all contacts are read with an integration's credentials, from a rented server", _stolen_credentials,
        ("reported_network_new", "reported_user_new", "reported_endpoint_new", "reported_calls_above_usual",
         "reported_bytes_above_usual"),
    ),
    "integration_sends_elsewhere": MiddlewareScenario(
        "an integration sends files to a host that it never called", _sent_elsewhere, ("reported_destination_new",)
    ),
    SILENT: MiddlewareScenario(
        "the middleware stops to beat, and says nothing of it", lambda _day, _begin: (), ("heartbeat_missing",)
    ),
}  # fmt: skip
"""By name."""


def day_of_reports(day: ReportDay, scenarios: Sequence[str] = (), begin: int | None = None) -> list[TimedReport]:
    """All of a day, with scenarios that begin at `begin` (ms; at nine unless given). Raises ValueError for an unknown name."""
    for name in scenarios:
        if name not in SCENARIOS:
            raise ValueError(f"{name!r} is not a scenario of the middleware; write one of {', '.join(SCENARIOS)}")
    begin = day.begin + 9 * HOUR if begin is None else begin
    reports = day.reports()
    if SILENT in scenarios:
        reports = [report for report in reports if report.time < begin or report.document["type"] != "heartbeat"]
    for name in scenarios:
        reports += [replace(report, scenario=name) for report in SCENARIOS[name].plant(day, begin)]
    return sorted(reports, key=lambda report: report.time)
