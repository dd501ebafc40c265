"""What holds for every channel that speaks HTTP, over TLS and to its service's documented answers."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from agent.errors import SettingsError
from tests.certificates import Certificates
from tests.destinations.conftest import SecretFile, StartHttp
from tests.destinations.http_server import HttpServer, Reply
from tests.notice.channels.http_services import SECRETS, SERVICES, Service, document
from tests.notice.channels.made_message import LINK, TOKEN, channel, made, refusal

EACH = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.type)


class Scene:
    """A service's server, and the settings of a channel to it."""

    def __init__(self, service: Service, http: StartHttp, certificates: Certificates, secret_file: SecretFile) -> None:
        self.server: HttpServer = http(service.accepts, tls=True)
        self.document = document(service.type, self.server, certificates, secret_file)


@pytest.fixture
def scene(service: Service, http: StartHttp, certificates: Certificates, secret_file: SecretFile) -> Scene:
    return Scene(service, http, certificates, secret_file)


@EACH
def test_a_message_is_accepted_and_says_no_more_than_it_may(scene: Scene) -> None:
    """Its summary, its lines and its link arrive; the names of people do not."""
    receipt = channel(scene.document).send(made(people=("xiomara",)), LINK)
    (request,) = scene.server.requests
    body = request.body.decode()
    assert LINK in body and "inc-0123456789ab in acme waits" in body and "Detected 2026-11-27" in body
    assert "xiomara" not in body
    assert receipt.answer and receipt.reference


@EACH
def test_the_same_message_is_the_same_request(scene: Scene) -> None:
    """So the other side can tell that it came twice."""
    for _ in range(2):
        channel(scene.document).send(made(), LINK)
    first, second = (orjson.loads(request.body) for request in scene.server.requests)
    assert first == second


@EACH
@pytest.mark.parametrize("header", ["30", "Thu, 01 Jan 2026 00:00:30 GMT"])
def test_a_rate_limit_is_waited_for(scene: Scene, header: str) -> None:
    """By a number of seconds or by a time; it refuses nothing for good."""
    date = {"Date": "Thu, 01 Jan 2026 00:00:00 GMT", "Retry-After": header}
    scene.server.script.append(Reply(429, b'{"ok":false,"error":"ratelimited"}', date))
    error = refusal(channel(scene.document))
    assert (error.retry_after, error.for_good) == (30.0, False)


@EACH
def test_nobody_is_waited_for_longer_than_an_hour(scene: Scene) -> None:
    """Whatever the other side asks for."""
    scene.server.script.append(Reply(503, b"", {"Retry-After": "999999999"}))
    assert refusal(channel(scene.document)).retry_after == 3600.0


@EACH
@pytest.mark.parametrize(("status", "for_good"), [(500, False), (503, False), (408, False), (404, True), (413, True)])
def test_a_status_says_whether_to_try_again(scene: Scene, status: int, for_good: bool) -> None:
    """A server's own trouble passes; a request that it refuses stays refused."""
    scene.server.script.append(Reply(status, b"reason"))
    error = refusal(channel(scene.document))
    assert error.for_good is for_good and str(status) in str(error)


@EACH
def test_a_link_that_is_repeated_is_not_kept(scene: Scene) -> None:
    """What a page of an error says of the request ends up in the trail, in events and in messages to others."""
    scene.server.script.append(
        lambda request: Reply(500, b"sent: " + request.body[request.body.index(LINK.encode()) :])
    )
    error = str(refusal(channel(scene.document)))
    assert "500" in error and TOKEN[:16] not in error


@EACH
def test_a_redirect_is_a_failure(scene: Scene, http: StartHttp) -> None:
    """It would carry secrets elsewhere."""
    other = http(lambda _: Reply(200))
    scene.server.script.append(Reply(307, b"", {"Location": other.url}))
    assert "redirect" in str(refusal(channel(scene.document)))
    assert other.requests == []


@EACH
@pytest.mark.parametrize("fault", ["drip body", "drip head"])
def test_a_server_that_drips_is_left_after_the_timeout(scene: Scene, fault: Any) -> None:
    """A byte now and then keeps nobody."""
    scene.server.script.append(Reply(202, b"", fault=fault))
    assert "within 0.4 s" in str(refusal(channel(scene.document | {"timeout": "400ms"})))


@EACH
@pytest.mark.parametrize("fault", ["reset", "silent close", "half"])
def test_a_connection_that_ends_early_is_tried_again(scene: Scene, fault: Any) -> None:
    """Nobody knows whether the message was taken."""
    scene.server.script.append(Reply(200, b'{"ok":true}', fault=fault))
    assert refusal(channel(scene.document)).for_good is False


@EACH
@pytest.mark.parametrize("status", [200, 400, 500])
def test_secrets_that_come_back_are_not_shown(scene: Scene, service: Service, status: int) -> None:
    """An answer may repeat what was sent."""
    echo = f"<html>{SECRETS[service.type]} {scene.document}</html>"
    scene.server.script.append(Reply.json(status, {"ok": False, "error": echo, "message": echo, "errors": [echo]}))
    try:
        receipt = channel(scene.document).send(made(), LINK)
        said = f"{receipt.answer} {receipt.reference}"
    except Exception as error:
        said = f"{error} {getattr(error, 'hint', '')}"
    assert SECRETS[service.type] not in said and SECRETS[service.type].removeprefix("whsec_") not in said
    assert len(said) < 800


@EACH
def test_a_long_answer_is_not_read_to_its_end(scene: Scene) -> None:
    """A megabyte of JSON costs 64 kB, and the answer that is kept is short."""
    scene.server.script.append(Reply(500, b'{"error": "' + b"x" * 2**20 + b'"}'))
    assert len(str(refusal(channel(scene.document)))) < 700


@EACH
def test_a_stranger_is_not_trusted(scene: Scene) -> None:
    """With a certificate of nobody that the settings or the system name."""
    distrusting = {key: value for key, value in scene.document.items() if key != "tls"}
    error = refusal(channel(distrusting))
    assert "not trusted" in str(error) and error.for_good is False
    assert scene.server.requests == []


@EACH
def test_a_secret_that_cannot_be_read_is_said_before_and_at_sending(scene: Scene, service: Service) -> None:
    """It may be there the next time."""
    key = {"slack": "token", "teams": "url", "pagerduty": "routing_key", "webhook": "secret"}[service.type]
    lost = channel(scene.document | {key: {"file": "/nowhere/secret"}})
    with pytest.raises(SettingsError, match="/nowhere/secret"):
        lost.prepare()
    assert refusal(lost).for_good is False
    channel(scene.document).prepare()
    assert scene.server.requests == []
