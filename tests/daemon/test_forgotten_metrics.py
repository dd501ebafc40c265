"""Metrics of an org that is read no longer."""

from __future__ import annotations

from prometheus_client import generate_latest

from agent import metrics


def test_what_is_labelled_with_an_org_goes_and_nothing_else() -> None:
    """Its own, and those of its sources; not those of an org whose name begins alike, or of a destination of that name."""
    for org in ("quince", "quincey"):
        metrics.API_CALLS_USED.labels(org).set(1)
        metrics.POLLS_FAILED.labels(f"{org}/event_log_file", "Forbidden").inc()
        metrics.ROWS_REJECTED.labels("receiving", f"{org}/event_log_file").inc()
    metrics.ROWS_REJECTED.labels("sending", "quince").inc()
    metrics.forget_org("quince")
    left = [line for line in generate_latest(metrics.REGISTRY).decode().splitlines() if '"quince' in line]
    assert any('"quincey/event_log_file"' in line for line in left)
    assert [line for line in left if "quincey" not in line and "_created" not in line] == [
        'leakline_rows_rejected_total{component="quince",stage="sending"} 1.0'
    ]
    metrics.forget_org("quincey")
