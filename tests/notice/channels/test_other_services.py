"""What hands a message to somebody else: apprise, and the lane of alerts."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import orjson
import pytest

from agent.errors import SettingsError
from tests.destinations.conftest import SecretFile, StartHttp
from tests.destinations.http_server import Reply
from tests.notice.channels.made_message import LINK, channel, made, refusal

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""What apprise imports under Python 3.11 and 3.12 is its own affair."""

WITH_APPRISE = pytest.mark.skipif(importlib.util.find_spec("apprise") is None, reason="apprise is an extra")


def test_an_event_goes_into_the_lane_of_alerts() -> None:
    """With the incident and the severity, and without the link: an event is read by many."""
    announced: list[Any] = []
    receipt = channel({"type": "destination", "destination": "siem"}, announced).send(made(), LINK)
    ((action, message, fields, is_drill),) = announced
    assert (action, receipt.answer) == ("escalation-message", "stored for siem")
    assert made().id in message and LINK not in message
    assert fields["leakline.incident.id"] == "inc-0123456789ab" and fields["event.severity"] > 0
    assert is_drill is made().is_drill


@WITH_APPRISE
def test_apprise_sends_to_a_service(http: StartHttp, secret_file: SecretFile) -> None:
    """What is believed is said to be unverified."""
    server = http(lambda _: Reply(200))
    url = server.url.replace("http://", "json://") + "/secret-path-0001"
    receipt = channel({"type": "apprise", "url": secret_file(url)}).send(made(), LINK)
    assert receipt.answer.startswith("accepted (unverified)")
    body = orjson.loads(server.requests[0].body)
    assert body["title"] == made().summary and LINK in body["message"]


@WITH_APPRISE
def test_what_apprise_could_not_send_is_a_failure(http: StartHttp, secret_file: SecretFile) -> None:
    """Without its URL, which is a secret."""
    server = http(lambda _: Reply(500))
    url = server.url.replace("http://", "json://") + "/secret-path-0001"
    error = refusal(channel({"type": "apprise", "url": secret_file(url)}))
    assert not error.for_good and "secret-path" not in str(error)


@WITH_APPRISE
def test_apprise_is_not_waited_for_longer_than_the_timeout(http: StartHttp, secret_file: SecretFile) -> None:
    """And is given nothing more until it has ended."""
    server = http(lambda _: Reply(200, fault="drip head"))
    hanging = channel(
        {"type": "apprise", "url": secret_file(server.url.replace("http://", "json://")), "timeout": "300ms"}
    )
    assert "within 0.3 s" in str(refusal(hanging))
    assert "still busy" in str(refusal(hanging))


def test_without_apprise_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, secret_file: SecretFile) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SettingsError) as error:
        channel({"type": "apprise", "url": secret_file("json://localhost")}).prepare()
    assert "pip install leakline[apprise]" in error.value.hint


@WITH_APPRISE
def test_a_url_of_no_service_is_refused(secret_file: SecretFile) -> None:
    """And not shown."""
    with pytest.raises(SettingsError) as error:
        channel({"type": "apprise", "url": secret_file("nothing-like-it://secret-0001")}).prepare()
    assert "secret-0001" not in str(error.value)
