"""What `leakline check` looks at, in this order.

The settings, the secrets, this machine, mappings, rules and address databases, regimes, channels and people of notices; then, unless
offline, every org (sign-in, permissions, licence, hourly files, event types, API allowance, real-time events, objects, the cost of a
day), every destination, and with `--send-test-notice` every channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from agent.check.blind_rules import of_org
from agent.check.destination_probe import build_each, examine_destination
from agent.check.doubtful_settings import doubts
from agent.check.machine import examine_machine
from agent.check.notice.channels import examine_channels
from agent.check.notice.drills import examine_drills
from agent.check.notice.on_call import examine_on_call
from agent.check.notice.permissions import examine_permissions
from agent.check.notice.regimes import examine_regimes
from agent.check.notice.tried_channels import try_channels
from agent.check.object_sources import examine_objects
from agent.check.real_time_feeds import examine_real_time
from agent.check.rules_and_mappings import examine_rules_and_mappings
from agent.check.secret_sources import examine_secrets
from agent.config.settings import Org, Settings
from agent.config.settings_files import read_files
from agent.daemon.clock import utc_now
from agent.model import Finding
from agent.sources.event_log_file.probe import probe
from agent.sources.event_log_file.source import EventLogFileSettings
from agent.sources.salesforce.session import Session


def examine(
    path: Path,
    *,
    offline: bool = False,
    send_test_event: bool = False,
    install_templates: bool = False,
    test_notices: Sequence[str] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Iterator[Finding]:
    """A finding for each thing looked at. `test_notices`: over which channels to send one, empty for all, None for none.

    Raises SettingsError when the settings file itself is wrong.
    """
    files = read_files(path)
    settings = files.settings
    yield Finding("settings", True, f"{path} is well formed")
    for failure in files.failures:
        yield Finding("settings, orgs.d", False, failure.message, "correct the file, then `leakline reload`")
    yield from doubts(settings)
    yield from examine_secrets(settings)
    yield from examine_machine(settings, now())
    yield from examine_rules_and_mappings(settings, now())
    yield from examine_regimes(settings, now().date())
    yield from examine_on_call(settings, now())
    yield from examine_channels(settings)
    yield from examine_permissions(settings)
    yield from examine_drills(settings)
    destinations = list(build_each(settings, now))
    yield from (built for _, built in destinations if isinstance(built, Finding))
    if offline:
        return
    yield from _orgs(settings, now)
    for wanted, built in destinations:
        if not isinstance(built, Finding):
            yield from examine_destination(
                wanted,
                built,
                settings,
                send_test_event=send_test_event,
                install_templates=install_templates,
                now=now(),
            )
    if test_notices is not None:
        yield from try_channels(settings, test_notices, now)


def _orgs(settings: Settings, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Each org; and that no two of the settings turn out to be one, which no address tells for sure."""
    names: dict[str, str] = {}
    for org in settings.orgs:
        session = Session(org, now=now)
        try:
            yield from probe(session, now=now, wanted=_named_types(org))
            if session.signed_in:
                yield from of_org(settings, org, session, now)
                streamed: set[str] = set()
                yield from examine_real_time(settings, org, session, now, streamed)
                yield from examine_objects(settings, org, session, now, streamed)
            first = names.setdefault(session.org_id, org.name) if session.signed_in else org.name
        finally:
            session.close()
        if first != org.name:
            message = f"{first} and {org.name} are the same org, so its events come twice"
            yield Finding(f"org {org.name}", False, message, "remove one of them from `orgs`")


def _named_types(org: Org) -> list[str]:
    """Event types that the settings name one by one."""
    sources = (source for source in org.sources if isinstance(source, EventLogFileSettings))
    return [name for source in sources if isinstance(source.event_types, list) for name in source.event_types]
