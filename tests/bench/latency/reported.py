"""From a failure that a sender reports to its alert: less than two seconds, for the first failure of each job.

A middleware reports at 1, 20 and 200 a second, each report in a request of its own; some are failures, each of another job, so
that none is counted in the alert of another. From the moment at which a report was due to be sent to its answer, to the alert's
line in the file, and to its arrival at a HEC server over TLS.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.inbound.listening_agent import ORG, TOKEN, event_ids, free_port, inbound_settings
from tests.bench.inbound.open_load import Load, Outcome, offered
from tests.bench.inbound.report_requests import ReportRequests
from tests.bench.latency.alert_watch import AlertWatch, alert_watch, nearly_most
from tests.bench.latency.publisher import Publisher
from tests.bench.orgs.process_cost import core_seconds

LOADS = {1.0: 1, 20.0: 5, 200.0: 25}
"""Reports a second, and each how many-th is a failure."""
AIM = 2.0
"""Seconds in which an alert is to come."""
ENOUGH = 60.0
"""Seconds after the last report in which its alert must have come."""
SENDER = "middleware"


def measure(folder: Path, org: Publisher, rates: Sequence[float], seconds: float) -> None:
    """Each of `rates`, so many seconds long."""
    (folder / "senders").mkdir()
    port = free_port()
    further = inbound_settings(folder / "senders", ORG, port, [SENDER])
    source = {"type": "setup_audit_trail", "every": "1h", "start": "1h"}
    with alert_watch(folder / "reported", org.facts, source, further) as watch:
        _warm_up(watch, port)
        print(
            f"{'reports/s':>9} {'to':>8} {'count':>6} {'median s':>9} {'99th s':>8} {'most s':>8} {'core-ms a report':>17}"
        )
        for rate in rates:
            requests = ReportRequests(
                [(SENDER, TOKEN)], f"at {rate:g}", array_every=0, failure_every=LOADS[rate], jobs=1_000_000
            )
            used = core_seconds(watch.agent.pid)
            load = Load(port, requests, rate, int(rate * seconds))
            outcomes = _sent(load)
            core_ms = 1000 * (core_seconds(watch.agent.pid) - used) / load.count
            _tell(load, watch, outcomes, core_ms)


def _sent(load: Load) -> Sequence[Outcome]:
    with offered(load) as sending:
        return sending.outcomes()


def _warm_up(watch: AlertWatch, port: int) -> None:
    """Until an alert about a report has come: each event type has been seen, and the listener listens."""
    until = time.monotonic() + ENOUGH
    number = 0
    while time.monotonic() < until:
        requests = ReportRequests([(SENDER, TOKEN)], f"warm {number}", array_every=0, jobs=1_000_000)
        outcomes = _sent(Load(port, requests, 20.0, 40, first=40 * number))
        watch.agent.wait_for(watch.agent.drained)
        if _failures(requests, outcomes).keys() & watch.file.arrived.keys():
            return
        number += 1
    raise SystemExit(f"no alert came in 60 s: {watch.agent.status()}\nthe log ends with\n{watch.agent.words()}")


def _failures(requests: ReportRequests, outcomes: Sequence[Outcome]) -> Mapping[str, float]:
    """When each failure was due (seconds since 1970), by its `event.id`."""
    return {
        event_id: outcome.due
        for outcome in outcomes
        for event_id in event_ids(requests, [outcome.number], "SyncFailure")
    }


def _tell(load: Load, watch: AlertWatch, outcomes: Sequence[Outcome], core_ms: float) -> None:
    answered = sorted(outcome.took for outcome in outcomes if outcome.status == 200)
    failures = _failures(load.requests, outcomes)
    for place, latencies in {"answered": answered, **watch.latencies(failures, ENOUGH)}.items():
        if latencies:
            print(
                f"{load.rate:>9g} {place:>8} {len(latencies):>6} {statistics.median(latencies):>9.3f} "
                f"{nearly_most(latencies):>8.3f} {latencies[-1]:>8.3f} {core_ms:>17.1f}",
                flush=True,
            )
        if lost := len(outcomes if place == "answered" else failures) - len(latencies):
            print(f"{load.rate:>9g} {place:>8} {lost} did not come within {ENOUGH:.0f} s", flush=True)
        elif latencies[-1] >= AIM:
            print(f"{load.rate:>9g} {place:>8} the aim is missed: less than {AIM:.0f} s", flush=True)
