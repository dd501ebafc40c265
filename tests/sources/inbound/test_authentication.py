"""Only a sender itself can report in its name; whoever cannot learns nothing, not even whether there is such a sender."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook

from agent.sources.inbound.authentication.certificate_subject import is_subject, same_subject
from agent.sources.inbound.authentication.signature import signing_key, why_not_signed
from tests.sources.inbound.listening import (
    KEY,
    NOW,
    REPORT,
    SECRET_PATH,
    TOKEN,
    listening,
    plain_key,
    secret,
    sender,
    signed,
)

BODY = orjson.dumps(REPORT)

VECTOR = {
    b"webhook-id": b"msg_p5jXN8AQM9LWM0D4loKWxJek",
    b"webhook-timestamp": b"1614265330",
    b"webhook-signature": b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
"""The example of the Standard Webhooks specification's libraries, with the key `KEY` and the body below."""
VECTOR_BODY = b'{"test": 2432232314}'
VECTOR_TIME = datetime.fromtimestamp(1614265330, UTC)


def hmac_sender(folder: Path, *keys: str) -> dict[str, Any]:
    files = [{"file": str(secret(folder, f"key{number}", key))} for number, key in enumerate(keys or (KEY,))]
    return sender(folder, authentication={"hmac": files})


@pytest.mark.parametrize("key", [KEY, KEY.removeprefix("whsec_")])
def test_the_vector_of_standard_webhooks_is_right(key: str) -> None:
    """With and without the prefix of the key."""
    assert why_not_signed([signing_key(key)], VECTOR, VECTOR_BODY, VECTOR_TIME) == ""


@pytest.mark.parametrize(
    "change",
    [
        {b"webhook-id": b"msg_other"},
        {b"webhook-timestamp": b"1614265331"},
        {b"webhook-timestamp": b"1614265330.5"},
        {b"webhook-timestamp": b"nan"},
        {b"webhook-timestamp": b"9" * 300},
        {b"webhook-timestamp": b"-1"},
        {b"webhook-id": b""},
        {b"webhook-id": b"x" * 300},
        {b"webhook-signature": b""},
        {b"webhook-signature": b"v1"},
        {b"webhook-signature": b"v1,not base64!"},
        {b"webhook-signature": b"v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {b"webhook-signature": b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF="},
        {b"webhook-signature": b"v1, g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {b"webhook-signature": b"\xff,\x00"},
    ],
)
def test_a_changed_vector_is_wrong(change: dict[bytes, bytes]) -> None:
    """Whatever header is changed, and however; nothing raises."""
    assert why_not_signed([signing_key(KEY)], VECTOR | change, VECTOR_BODY, VECTOR_TIME) != ""


def test_one_right_signature_among_several_is_enough() -> None:
    """Senders sign with an old and a new key while keys change, and with other versions."""
    right = VECTOR[b"webhook-signature"]
    several = VECTOR | {b"webhook-signature": b"v1a,AAAA v1,AAAA " + right}
    old_and_new = [signing_key(plain_key(b"x" * 32)), signing_key(KEY)]
    assert why_not_signed(old_and_new, several, VECTOR_BODY, VECTOR_TIME) == ""


@pytest.mark.parametrize("away", [timedelta(minutes=5), -timedelta(minutes=5)])
def test_a_signature_holds_for_five_minutes(away: timedelta) -> None:
    """Before and after its time, to the second."""
    beyond = away + timedelta(seconds=1) * (1 if away > timedelta() else -1)
    keys = [signing_key(KEY)]
    assert why_not_signed(keys, VECTOR, VECTOR_BODY, VECTOR_TIME + away) == ""
    assert "more than 5 minutes" in why_not_signed(keys, VECTOR, VECTOR_BODY, VECTOR_TIME + beyond)


def test_the_librarys_own_verify_takes_what_we_take() -> None:
    """A signature made now, by the library of Standard Webhooks."""
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(KEY).sign("msg_1", now, BODY.decode()),
    }
    Webhook(KEY).verify(BODY, headers)
    ours = {name.encode(): value.encode() for name, value in headers.items()}
    assert why_not_signed([signing_key(KEY)], ours, BODY, now) == ""


@pytest.mark.parametrize("key", ["a password", "whsec_", plain_key(b"short"), "whsec_äöü"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    """Rather than taken for the few bytes that base64 finds in it."""
    with pytest.raises(ValueError, match="key of signatures"):
        signing_key(key)


def test_a_signed_report_is_taken_and_its_copy_has_the_same_id(tmp_path: Path) -> None:
    """A replay within the window is a duplicate; after it, it is refused; so is a changed body."""
    with listening(hmac_sender(tmp_path)) as there:
        document = orjson.dumps({**REPORT, "id": ""})
        headers = signed(document)
        assert [there.post(body=document, **headers).status_code for _ in range(2)] == [200, 200]
        first, copy = (batch.frame["event.id"].to_list() for batch in there.batches)
        assert first == copy
        assert there.post(body=document.replace(b"Account", b"Contact"), **headers).status_code == 401
        there.now = NOW + timedelta(minutes=6)
        assert there.post(body=document, **headers).status_code == 401
        assert len(there.batches) == 2
        assert "sent late or again" in there.senders.known["middleware"].record.reason


def test_each_of_several_keys_is_good(tmp_path: Path) -> None:
    """While keys change."""
    new = plain_key(b"n" * 32)
    with listening(hmac_sender(tmp_path, KEY, new)) as there:
        assert there.post(body=BODY, **signed(BODY)).status_code == 200
        assert there.post(body=BODY, **signed(BODY, key=new)).status_code == 200
        assert there.post(body=BODY, **signed(BODY, key=plain_key(b"o" * 32))).status_code == 401


def test_a_secret_that_changes_is_read_after_a_refusal(tmp_path: Path) -> None:
    """The old one does not count any more."""
    with listening(sender(tmp_path)) as there:
        assert there.post().status_code == 200
        secret(tmp_path, "token", "another-token-of-the-middleware")
        assert there.post(authorization="Bearer another-token-of-the-middleware").status_code == 401
        there.senders.read_secrets()
        assert there.post(authorization="Bearer another-token-of-the-middleware").status_code == 200
        assert there.post().status_code == 401


def test_a_secret_that_cannot_be_read_is_our_fault(tmp_path: Path) -> None:
    """503, so that the sender keeps its report, and the reason is there for whoever runs Leakline."""
    lost = sender(tmp_path, authentication={"bearer": {"file": str(tmp_path / "lost")}})
    with listening(lost) as there:
        assert there.post().status_code == 503
        assert "cannot be read" in there.senders.known["middleware"].proof.problem
        secret(tmp_path, "lost", TOKEN)
        there.senders.read_secrets()
        assert there.post().status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"authorization": "Bearer wrong"},
        {"authorization": ""},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": f"Bearer {TOKEN}x"},
        {"authorization": "Bearer \xff".encode("latin-1").decode("latin-1").encode("utf-8").decode("latin-1")},
        {**signed(BODY)},
    ],
)
def test_wrong_credentials_and_unknown_senders_are_answered_alike(tmp_path: Path, wrong: dict[str, str]) -> None:
    """To the byte, but for the date."""
    with listening(sender(tmp_path)) as there:
        headers = {name.replace("_", "-"): value.encode("latin-1") for name, value in wrong.items()}
        answers = [there.post(name, **headers) for name in ("middleware", "nobody")]  # type: ignore[arg-type]
        known, unknown = ((answer.status_code, answer.content, without_date(answer.headers)) for answer in answers)
        assert known == unknown
        assert known[0] == 401
        assert "www-authenticate" in answers[0].headers
        assert not there.batches


def test_all_that_is_set_must_hold(tmp_path: Path) -> None:
    """A token without a signature is not enough, nor a signature without a token."""
    both = {
        "bearer": {"file": str(secret(tmp_path, "token", TOKEN))},
        "hmac": {"file": str(secret(tmp_path, "key", KEY))},
    }
    with listening(sender(tmp_path, authentication=both)) as there:
        headers = signed(BODY)
        assert there.post(body=BODY).status_code == 401
        assert there.post(body=BODY, **headers).status_code == 401
        assert there.post(body=BODY, **{**headers, "authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_the_name_of_a_sender_with_a_secret_path_opens_nothing(tmp_path: Path) -> None:
    """Its path is the secret, not its name."""
    hidden = sender(tmp_path, authentication={"path": {"file": str(secret(tmp_path, "path", SECRET_PATH))}})
    with listening(hidden) as there:
        assert there.post().status_code == 401


def test_a_secret_path_that_can_be_guessed_is_not_taken(tmp_path: Path) -> None:
    """It is as if there were none, and the reason is told."""
    short = sender(tmp_path, authentication={"path": {"file": str(secret(tmp_path, "path", "short"))}})
    with listening(short) as there:
        assert there.senders.by_path("short") is None
        assert "20 characters" in there.senders.known["middleware"].proof.problem


def test_a_secret_path_is_found_among_all(tmp_path: Path) -> None:
    """Each sender has its own."""
    paths = {f"s{number}": f"{SECRET_PATH}-{number}" for number in range(3)}
    senders = [
        sender(tmp_path, name, authentication={"path": {"file": str(secret(tmp_path, name, path))}})
        for name, path in paths.items()
    ]
    with listening(*senders) as there:
        for name, path in paths.items():
            found = there.senders.by_path(path)
            assert found is not None
            assert found.settings.name == name
        assert there.senders.by_path(SECRET_PATH) is None


@pytest.mark.parametrize(
    ("shown", "wanted", "same"),
    [
        ("CN=sync,O=Example", "O=Example, cn=sync", True),
        ("CN=sync,O=Example", "CN=sync", False),
        ("CN=sync", "CN=Sync", False),
        (r"CN=a\,O=b", "CN=a,O=b", False),
        ("CN=a,CN=b", "CN=b", False),
        ("", "CN=sync", False),
    ],
)
def test_subjects_are_the_same_in_any_order(shown: str, wanted: str, same: bool) -> None:
    """And only with all their parts, to the letter."""
    assert same_subject(shown, wanted) is same


@pytest.mark.parametrize(("text", "is_one"), [("CN=a,O=b", True), ("a", False), ("CN=", False), ("CN=a,", False)])
def test_a_subject_has_names_and_values(text: str, is_one: bool) -> None:
    """What cannot be a subject would never be shown."""
    assert is_subject(text) is is_one


def without_date(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "date"}
