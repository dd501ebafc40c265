"""What `leakline check` says of simulated orgs, as text. `python -m tests.check.simulated_orgs` writes it anew, to be read."""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from agent.check.examine import examine
from agent.simulator.running import RunningOrg, serve
from agent.simulator.world.faults import Faults
from agent.simulator.world.simulator_settings import SimulatorSettings

NOW = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
NUMBERS = re.compile(r"[0-9][0-9,]*(?= (?:rows?|records?|of 15,000 API)\b)")
KINDS = ("event_log_file", "setup_audit_trail", "login_history", "event_log_object", "provisioning", "sessions")


TEXTS = Path(__file__).with_name("orgs")
ORGS = {
    "everything": Faults(),
    "free_licence": Faults(free_only=True),
    "without_streams": Faults(no_stream="all"),
    "hidden_fields": Faults(
        hidden_fields="SetupAuditTrail.DelegateUser,LoginHistory.LoginTime,AuthSession.SourceIp,OauthToken,VerificationHistory"
    ),
}
"""Their names, and what makes the simulated org each of them."""


def small_org(folder: Path) -> RunningOrg:
    """With 15,000 API calls a day."""
    wanted = SimulatorSettings(
        folder,
        people=60,
        history=timedelta(hours=30),
        rows_per_day=2_000,
        event_types=("Login", "Report"),
        scenarios=(),
        api_limit=15_000,
        delay=(timedelta(0), timedelta(0)),
        now=lambda: NOW,
    )
    return serve(wanted)


def said(running: RunningOrg, tmp_path: Path, faults: Faults) -> str:
    """A line for each finding about the org; N for numbers that hang on how the org is simulated, or on what was asked before."""
    running.org.faults = faults
    rules = tmp_path / "rules"
    rules.mkdir()
    for name, (service, condition) in RULES.items():
        (rules / f"{name}.yml").write_text(rule(name, service, condition))
    secret = {"file": str(running.client_secret_file)}
    auth = {"type": "client_credentials", "client_id": running.client_id, "client_secret": secret}
    sources: list[dict[str, Any]] = [{"type": kind} for kind in KINDS]
    sources += [{"type": "real_time", "endpoint": running.pubsub}, {"type": "stored_events"}]
    org = {"name": "acme", "url": running.url, "auth": auth, "tls": {"ca": str(running.ca)}, "sources": sources}
    document = {
        "orgs": [{**org, "api_version": "66.0"}],
        "destinations": [{"type": "file", "directory": str(tmp_path / "out")}],
        "state": {"directory": str(tmp_path / "state")},
        "rules": {"shipped": False, "folders": [str(rules)]},
    }
    path = tmp_path / "leakline.yaml"
    path.write_text(yaml.safe_dump(document))
    marks = {True: "WARN", False: "FAIL"}
    lines = [
        f"PASS {found.subject}: {found.message}" if found.ok
        else f"{marks[found.warning]} {found.subject}: {found.message} -> {found.fix}"
        for found in examine(path, now=lambda: NOW)
        if found.subject.startswith("org ")
    ]  # fmt: skip
    text = "\n".join(lines).replace(running.url, "URL").replace(running.org.id, "ORG") + "\n"
    return NUMBERS.sub("N", text)


RULES = {
    "user_created": ("setup_audit_trail", "Action: createduser"),
    "delegated_change": ("setup_audit_trail", "DelegateUser|contains: '@'"),
    "login_from_abroad": ("login_history", "CountryIso: KP"),
    "report_exported": ("event_log_file", "EVENT_TYPE: ReportExport"),
    "report_streamed": ("real_time_event_monitoring", "EventType: ReportEvent"),
    "report_opened": ("event_log_object", "RowsProcessed|gte: 1000"),
    "grant": ("provisioning", "Difference: granted"),
    "session_elsewhere": ("sessions", "SourceIp|startswith: '203.'"),
}


FEEDS = {"event_log_file": "leakline: {feed: event_monitoring}\n"}


def rule(name: str, service: str, condition: str) -> str:
    ident = f"00000000-0000-4000-8000-{list(RULES).index(name):012d}"
    return (
        f"title: {name.replace('_', ' ').capitalize()}\nname: {name}\nid: {ident}\nstatus: test\nlevel: high\n"
        f"description: A rule of this test.\n{FEEDS.get(service, '')}logsource: {{product: salesforce, service: {service}}}\n"
        f"detection:\n  selection:\n    {condition}\n  condition: selection\n"
    )


def main() -> None:
    """Write all texts anew."""
    with tempfile.TemporaryDirectory() as folder, small_org(Path(folder) / "org") as running:
        for name, faults in ORGS.items():
            here = Path(folder) / name
            here.mkdir()
            (TEXTS / f"{name}.txt").write_text(said(running, here, faults), encoding="utf-8")


if __name__ == "__main__":
    main()
