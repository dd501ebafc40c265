"""From a destination's settings to the destination."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial

from agent.config.settings import DestinationSettings
from agent.destinations.elastic.elastic import Elastic, ElasticSettings
from agent.destinations.file.file import File, FileSettings
from agent.destinations.splunk.splunk import Splunk, SplunkSettings
from agent.destinations.syslog.syslog import Syslog, SyslogSettings
from agent.formats import FORMATS, SENT, cef
from agent.model import Destination
from agent.pipeline.long_rows import shorten


def build_destination(settings: DestinationSettings, now: Callable[[], datetime], stop: threading.Event) -> Destination:
    """One destination, not connected yet; its secrets and certificates are read when they are needed.

    Raises SettingsError for a row limit no alert could keep.
    """
    destination = _destination(settings, now, stop)
    shorten.look_for_room(destination)
    return destination


def _destination(settings: DestinationSettings, now: Callable[[], datetime], stop: threading.Event) -> Destination:
    encode = SENT[settings.format]
    if isinstance(settings, FileSettings | SyslogSettings) and settings.format == "cef":
        encode = partial(cef.encode, own_keys=settings.cef.own_keys, leave_out=settings.cef.leave_out)
    match settings:
        case FileSettings():
            return File(settings, encode, now=now)
        case SplunkSettings():
            return Splunk(settings, FORMATS[settings.format], wait=stop.wait)
        case ElasticSettings():
            return Elastic(settings, encode, now=now)
        case SyslogSettings():
            return Syslog(settings, encode, wait=stop.wait, now=now)
