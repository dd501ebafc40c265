"""Mail, to a real SMTP server with STARTTLS and sign-in."""

from __future__ import annotations

import email
import email.policy
import socket
import threading
import time
from contextlib import ExitStack
from email.message import EmailMessage
from typing import Any

import pytest

from agent.errors import SettingsError
from tests.certificates import Certificates
from tests.destinations.conftest import SecretFile
from tests.notice.channels.made_message import LINK, NOW, channel, made, refusal
from tests.notice.channels.mail_server import PASSWORD, USER, Postbox, mail_server, rude_server

ANA = "ana@example.com"


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def settings(
    opened: ExitStack, postbox: Postbox, certificates: Certificates, secret_file: SecretFile
) -> dict[str, Any]:
    """Of a channel to a server that has STARTTLS and asks for a user."""
    port = opened.enter_context(mail_server(postbox, certificates.server_context()))
    return at(port, certificates) | {"username": USER, "password": secret_file(PASSWORD)}


def at(port: int, certificates: Certificates, **further: Any) -> dict[str, Any]:
    tls = {"ca": str(certificates.ca)}
    return {
        "type": "smtp", "host": "localhost", "port": port, "from": "leakline@example.com", "tls": tls, "timeout": "5s"
    } | further  # fmt: skip


def mail(postbox: Postbox, number: int = 0) -> EmailMessage:
    content = postbox.mails[number].content
    assert isinstance(content, bytes)
    return email.message_from_bytes(content, policy=email.policy.default)


def test_a_mail_is_accepted_over_tls(postbox: Postbox, settings: dict[str, Any]) -> None:
    """Signed in; the receipt is the id of the server's queue."""
    receipt = channel(settings).send(made(ANA), LINK)
    assert (receipt.answer, receipt.reference) == ("250 2.0.0 Ok: queued as 4F2A1B9C0D", "4F2A1B9C0D")
    assert postbox.secured == [True]
    found = mail(postbox)
    assert found["Message-ID"] == f"<{made().id}@example.com>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Subject"] == made().summary and found["To"] == ANA
    assert found.get_content_type() == "text/plain" and LINK in found.get_content()
    assert "ana" not in found.get_content().replace(ANA, "")


def test_a_retry_is_the_same_mail(postbox: Postbox, settings: dict[str, Any]) -> None:
    """Greylisted at first; then with the same id and the same date, whatever time it is."""
    postbox.answers.append("451 4.7.1 Greylisted, try again in 300 seconds")
    sender = channel(settings)
    error = refusal(sender, made(ANA))
    assert not error.for_good and "451 4.7.1 Greylisted" in str(error)
    for _ in range(2):
        sender.send(made(ANA), LINK)
    assert postbox.mails[0].content == postbox.mails[1].content
    assert mail(postbox)["Date"].datetime == NOW


def test_text_outside_ascii_arrives(postbox: Postbox, settings: dict[str, Any]) -> None:
    """In the subject and in the text, in whatever length."""
    channel(settings).send(made(ANA, summary="Über 1.000 Zeilen — 東京" * 5, lines=("ä" * 3_000, ".", "From here")), "")
    found = mail(postbox)
    assert found["Subject"].startswith("Über 1.000 Zeilen — 東京")
    assert {"ä" * 3_000, ".", "From here"} <= set(found.get_content().splitlines())


@pytest.mark.parametrize(
    "evil", ["x\r\nBcc: all@example.com", "x\nBcc: all@example.com", "x\u2028Bcc: y@z", "x\r\n.\r\nMAIL"]
)
def test_no_text_makes_a_header(postbox: Postbox, settings: dict[str, Any], evil: str) -> None:
    """Or ends the mail."""
    channel(settings).send(made(ANA, summary=evil, lines=(evil,)), "")
    found = mail(postbox)
    assert "Bcc" not in found and len(postbox.mails) == 1
    assert postbox.mails[0].rcpt_tos == [ANA]


@pytest.mark.parametrize(
    "address", ["ana", "a b@example.com", "ana@example.com\r\nRCPT TO:<x@y>", "a@b@c", "<a@b>", "a@b,c@d"]
)
def test_what_is_not_an_address_gets_nothing(postbox: Postbox, settings: dict[str, Any], address: str) -> None:
    """And nothing of it reaches the server."""
    assert refusal(channel(settings), made(address)).for_good
    assert postbox.mails == [] and postbox.secured == []


def test_addresses_of_the_settings_get_it_too(postbox: Postbox, settings: dict[str, Any]) -> None:
    """Each once."""
    channel(settings | {"to": ["list@example.com", ANA]}).send(made(ANA), "")
    assert postbox.mails[0].rcpt_tos == [ANA, "list@example.com"]
    assert refusal(channel(settings), made("")).hint == "write `to` for the channel, or `addresses` for people"


def test_a_refused_list_is_said_beside_the_receipt(postbox: Postbox, settings: dict[str, Any]) -> None:
    """By its number: what is kept of an answer has no addresses."""
    postbox.refused["list@example.com"] = "550 5.1.1 <list@example.com> unknown"
    receipt = channel(settings | {"to": ["list@example.com", "other@example.com"]}).send(made(ANA), "")
    assert "refused: address 2 of 3 (550 5.1.1 <[address]> unknown)" in receipt.answer
    assert "@" not in receipt.answer and receipt.reference == "4F2A1B9C0D"
    assert postbox.mails[0].rcpt_tos == [ANA, "other@example.com"]


def test_a_refused_person_is_a_failure(postbox: Postbox, settings: dict[str, Any]) -> None:
    """For good with 550, and the others have it; not yet with 451, and nobody has it."""
    listed = channel(settings | {"to": ["list@example.com"]})
    postbox.refused[ANA] = "451 4.2.0 greylisted"
    assert refusal(listed, made(ANA)).for_good is False
    assert postbox.mails == []
    postbox.refused[ANA] = "550 5.1.1 no such user"
    error = refusal(listed, made(ANA))
    assert error.for_good and "address 1 of 2 (550 5.1.1 no such user)" in str(error)
    assert postbox.mails[0].rcpt_tos == ["list@example.com"]


@pytest.mark.parametrize(("answer", "for_good"), [("554 5.7.1 spam", True), ("452 4.3.1 full", False)])
def test_a_refused_text_says_whether_to_try_again(
    postbox: Postbox, settings: dict[str, Any], answer: str, for_good: bool
) -> None:
    """5xx does not change; 4xx may."""
    postbox.answers.append(answer)
    error = refusal(channel(settings), made(ANA))
    assert error.for_good is for_good and answer in str(error)


def test_a_wrong_password_is_refused_and_not_shown(settings: dict[str, Any], secret_file: SecretFile) -> None:
    """With where to look."""
    error = refusal(channel(settings | {"password": secret_file("wrong-password-0001")}), made(ANA))
    assert error.for_good and "535" in str(error) and "password" in error.hint
    assert "wrong-password-0001" not in f"{error}"


def test_without_starttls_nothing_is_sent(opened: ExitStack, postbox: Postbox, certificates: Certificates) -> None:
    """Somebody on the way may have taken the offer out."""
    port = opened.enter_context(mail_server(postbox))
    error = refusal(channel(at(port, certificates)), made(ANA))
    assert "does not offer STARTTLS" in str(error) and error.for_good
    assert postbox.mails == [] and postbox.secured == []


def test_a_stranger_is_not_trusted(postbox: Postbox, settings: dict[str, Any]) -> None:
    """With a certificate of nobody that the settings or the system name."""
    error = refusal(channel({key: value for key, value in settings.items() if key != "tls"}), made(ANA))
    assert "not trusted" in str(error) and not error.for_good
    assert postbox.mails == []


def test_tls_from_the_first_byte(opened: ExitStack, postbox: Postbox, certificates: Certificates) -> None:
    """In place of STARTTLS."""
    port = opened.enter_context(mail_server(postbox, at_once=certificates.server_context()))
    receipt = channel(at(port, certificates, implicit_tls=True)).send(made(ANA), "")
    assert receipt.reference == "4F2A1B9C0D" and postbox.secured == [True]


def test_without_any_tls_if_the_settings_say_so(
    opened: ExitStack, postbox: Postbox, certificates: Certificates
) -> None:
    """For a relay on this machine; never with a password."""
    port = opened.enter_context(mail_server(postbox))
    channel(at(port, certificates, starttls=False)).send(made(ANA), "")
    assert postbox.secured == [False]
    with pytest.raises(SettingsError, match="without TLS"):
        channel(at(port, certificates, starttls=False, username=USER, password={"env": "X"})).prepare()
    with pytest.raises(SettingsError, match="`password` and no `username`"):
        channel(at(port, certificates, password={"env": "X"})).prepare()


def silent(connection: socket.socket, ended: threading.Event) -> None:
    ended.wait(30)


def dripping(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"220-")
    while not ended.wait(0.02):
        connection.sendall(b"x")


def dripping_handshake(connection: socket.socket, ended: threading.Event) -> None:
    """The head of a TLS record that is long, and then a byte now and then."""
    connection.sendall(b"\x16\x03\x03\x40\x00")
    while not ended.wait(0.02):
        connection.sendall(b"\x02")


def dripping_after_starttls(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"220 mx\r\n")
    connection.recv(1000)
    connection.sendall(b"250-mx\r\n250 STARTTLS\r\n")
    connection.recv(1000)
    connection.sendall(b"220 go\r\n")
    dripping_handshake(connection, ended)


def endless(connection: socket.socket, ended: threading.Event) -> None:
    while not ended.is_set():
        connection.sendall(b"220-" + b"x" * 400 + b"\r\n")


@pytest.mark.parametrize("talk", [silent, dripping, dripping_handshake, dripping_after_starttls, endless])
def test_a_server_that_keeps_us_waiting_is_left(opened: ExitStack, certificates: Certificates, talk: Any) -> None:
    """The whole exchange has one bound, wherever it hangs."""
    port = opened.enter_context(rude_server(talk))
    implicit = talk is dripping_handshake
    began = time.monotonic()
    error = refusal(channel(at(port, certificates, timeout="500ms", implicit_tls=implicit)), made(ANA))
    assert "within 0.5 s" in str(error) and not error.for_good
    assert time.monotonic() - began < 5


def test_an_answer_that_does_not_come_is_not_known(postbox: Postbox, settings: dict[str, Any]) -> None:
    """After the text was sent it may have been accepted: it is sent again."""
    postbox.hangs = True
    assert refusal(channel(settings | {"timeout": "1s"}), made(ANA)).for_good is False
    postbox.hangs, postbox.cuts_after_text = False, True
    assert refusal(channel(settings), made(ANA)).for_good is False


def test_nobody_listens(certificates: Certificates) -> None:
    """In plain words."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert "refused" in str(refusal(channel(at(port, certificates)), made(ANA)))


def banner_refuses(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"554 5.7.1 no service for you\r\n")


def test_a_server_that_serves_nobody_says_so(opened: ExitStack, certificates: Certificates) -> None:
    """In its first line."""
    port = opened.enter_context(rude_server(banner_refuses))
    error = refusal(channel(at(port, certificates)), made(ANA))
    assert "554 5.7.1 no service for you" in str(error) and error.for_good
