"""From a destination's settings to the destination."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from agent.destinations.elastic import Elastic, ElasticSettings
from agent.destinations.file import File, FileSettings
from agent.destinations.splunk import Splunk, SplunkSettings
from agent.destinations.syslog import Syslog, SyslogSettings
from agent.model import Format

AnySettings = FileSettings | SplunkSettings | ElasticSettings | SyslogSettings


def open_destination(
    settings: AnySettings,
    formats: Mapping[str, Format],
    *,
    now: Callable[[], datetime],
    wait: Callable[[float], bool],
) -> File | Splunk | Elastic | Syslog:
    """`formats`: by the name that settings use; `wait`: the stop event's. Connects to nothing yet.

    Raises SettingsError for secrets and certificates that cannot be read.
    """
    encode = formats[settings.format]
    match settings:
        case FileSettings():
            return File(settings, encode, now=now)
        case SplunkSettings():
            return Splunk(settings, encode, wait=wait)
        case ElasticSettings():
            return Elastic(settings, encode)
        case SyslogSettings():
            return Syslog(settings, encode, wait=wait)
