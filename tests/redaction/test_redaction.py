"""What counts as a secret in a text, and what does not."""

from __future__ import annotations

import base64
import html
import json
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import LeaklineError, RuleError
from agent.redaction import redaction
from agent.redaction.redaction import (
    MARK,
    excerpt,
    redact,
    register,
    register_basic,
    register_obtained,
    without_credentials,
)
from agent.secret import SecretReference

SECRET = "kT9\"/w+Zq 7<&'e=ß!xV2mPn4"
TOKEN = "00D5g00000ABCde!AQ4AQFz1kq7Zb0vW.3nYc_Xe9LrTfHs2mJdGpUoKiAyQw8xNtBv5R"

LINK = "AUV-h5r06PmS2OsdX-EO-icAawrSxEgCs5RCH9qeaaLa0BPriOvt5agszRU4WYkZvlEmp4cN"


def in_base64(before: bytes) -> Callable[[str], str]:
    """As others would have it: `before` and something after it in the same text."""
    return lambda secret: base64.b64encode(before + secret.encode() + b" and more").decode()


ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in capitals": str.upper,
    "percent": lambda secret: quote(secret, safe=""),
    "percent, small letters": lambda secret: quote(secret, safe="").replace("%2F", "%2f"),
    "percent, twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "form": quote_plus,
    "HTML": html.escape,
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON, other escapes": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1].replace("/", "\\/"),
    "Python": lambda secret: repr(secret)[1:-1],
    "hexadecimal": lambda secret: secret.encode().hex().upper(),
    "base64": in_base64(b""),
    "base64, a byte on": in_base64(b"u"),
    "base64, two bytes on": in_base64(b"us"),
    "Basic": in_base64(b"user:"),
    "base64url": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_a_secret_is_known_in_every_form(encode: Callable[[str], str]) -> None:
    """Percent-encoded, in base64 (also within something longer), JSON, HTML, hexadecimal: nothing of it is left."""
    register(SECRET)
    text = redact(f"the proxy said: <{encode(SECRET)}>, and no more")
    assert MARK in text
    assert text.startswith("the proxy said: <")
    assert text.endswith(", and no more")
    left = text.replace(MARK, "").removeprefix("the proxy said: <").removesuffix(">, and no more")
    assert encode(SECRET)[10:18] not in left


@given(st.text(st.characters(exclude_characters="0 "), min_size=1, max_size=60))
def test_no_secret_is_too_odd(secret: str) -> None:
    """However short and whatever it is made of: a secret that stands by itself is not in the redacted text."""
    redaction.forget()
    register(secret)
    assert secret not in redact(f"00 {secret} 00").replace(MARK, "0")


@given(st.text(alphabet="abcXY019!./", min_size=6, max_size=80), st.text(max_size=200))
def test_redacting_twice_changes_nothing(secret: str, text: str) -> None:
    """A text that went through two of the places is the same as after one."""
    redaction.forget()
    register(secret)
    once = redact(f"{text}{secret}{text}")
    assert redact(once) == once


@pytest.mark.parametrize("part", [slice(0, 20), slice(30, 46), slice(-17, None), slice(20, None)])
def test_a_part_of_a_token_is_redacted(part: slice) -> None:
    """An echo that was cut, at either end, shows nothing of 16 characters or more."""
    register_obtained(TOKEN)
    assert redact(f"Session <{TOKEN[part]}> expired") == f"Session <{MARK}> expired"


def test_an_org_id_is_no_secret() -> None:
    """A session token begins with the org's id, which people need to read."""
    register_obtained(TOKEN)
    assert redact("org 00D5g00000ABCdeEAC, 00D5g00000ABCde") == "org 00D5g00000ABCdeEAC, 00D5g00000ABCde"


def test_a_short_secret_is_redacted_as_a_word() -> None:
    """A password of one letter does not blot out that letter everywhere; alone, or as Basic credentials, it is hidden."""
    register_basic("u", "a")
    pair = base64.b64encode(b"u:a").decode()
    assert redact(f"a cat: password=a, 'a', Basic {pair}") == f"{MARK} cat: password={MARK}, '{MARK}', Basic {MARK}"


def test_a_key_is_redacted_line_by_line() -> None:
    """Of a PEM file the lines are secret, not the words that say what it is."""
    lines = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj", "AgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R4/M2"]
    register("\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"]))
    said = redact(f"cannot read -----BEGIN PRIVATE KEY----- {lines[0]} {lines[1][8:]}")
    assert said == f"cannot read -----BEGIN PRIVATE KEY----- {MARK} {MARK}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"got {TOKEN}.", f"got {MARK}"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN, so", f"got {MARK}, so"),
        ("Authorization: Bearer abcd1234abcd; more", f"Authorization: Bearer {MARK}; more"),
        ("'authorization': 'Splunk 1111-2222'", f"'authorization': 'Splunk {MARK}'"),
        ("sent Basic dXNlcjpwYXNzd29yZDEyMw==", f"sent Basic {MARK}"),
        ("POST client_secret=abc%21&grant_type=x", f"POST client_secret={MARK}&grant_type=x"),
        (f"sent https://a.example/v1/acknowledge/{LINK}, no", f"sent https://a.example/v1/acknowledge/{MARK}, no"),
        (f'"link":"https:\\/\\/a\\/v1\\/acknowledge\\/{LINK}"', f'"link":"https:\\/\\/a\\/v1\\/acknowledge\\/{MARK}"'),
        (f"u=https%3A%2F%2Fa%2Fv1%2Facknowledge%2F{LINK}&", f"u=https%3A%2F%2Fa%2Fv1%2Facknowledge%2F{MARK}&"),
        (f"of acknowledge&#x2F;{LINK[:40]}", f"of acknowledge&#x2F;{MARK}"),
        ("see https://user:pa55@host:8088/x", f"see https://{MARK}@host:8088/x"),
    ],
)
def test_a_secret_of_others_is_known_by_its_form(text: str, expected: str) -> None:
    """What nobody registered is redacted where its form tells what it is."""
    assert redact(text) == expected
    assert redact(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "https://splunk.example.com:8088: the token is not valid (HEC code 4): compare the token with Settings > Data",
        "the Authorization header is not understood; Basic authentication, Splunk acknowledgements",
        "https://acme.my.salesforce.com refused the sign-in: invalid_grant (expired access/refresh token)",
        "write to jane@example.com about 00D5g00000ABCdeEAC",
        "orgs[0].auth.client_secret: this setting is required",
        "",
    ],
)
def test_plain_texts_stay(text: str) -> None:
    """What Leakline says by itself is readable."""
    register("a secret that is in none of them")
    assert redact(text) == text


def test_an_excerpt_is_cut_after_it_is_redacted() -> None:
    """A secret that the cut goes through leaves nothing."""
    register("hunter2!")
    assert excerpt("x" * 95 + "hunter2!", 100) == "x" * 95 + MARK[:5]


def test_an_org_that_gives_many_tokens_makes_no_secret_forgotten() -> None:
    """Secrets of the settings stay; of tokens the newest do; a token may have any length."""
    register("the password of the proxy")
    for number in range(300):
        register_obtained(f"token number {number:04} of a hostile org" * 50)
    register_obtained("x" * 10_000_000)
    register_obtained("the newest token of all")
    assert redact("the password of the proxy, the newest token of all") == f"{MARK}, {MARK}"


def test_odd_texts_take_no_long_time() -> None:
    """A megabyte of what looks like the beginning of a secret over and over is gone through once (bound: far off)."""
    register_obtained("a" * 5_000)
    register("abcabcabcabcabcabcabcabc")
    began = time.process_time()
    for piece in ("eyJ", "00D", "bearer ", "://a", "authorization: ", "a" * 15 + "b", "abcab", "password="):
        redact(piece * (300_000 // len(piece)))
    assert time.process_time() - began < 60


def test_what_a_reference_reads_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a secret is what makes it one."""
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("LEAKLINE_TEST_SECRET", "from the environment")
    SecretReference(file=tmp_path / "secret").read()
    SecretReference(env="LEAKLINE_TEST_SECRET").read()
    assert redact("from a file, from the environment") == f"{MARK}, {MARK}"


def test_no_error_holds_a_secret() -> None:
    """Message, hint and reason are redacted where the error is made."""
    register("hunter2!")
    error = LeaklineError("said hunter2!", hint="not hunter2!")
    assert str(error) == f"said {MARK}: not {MARK}"
    assert RuleError("a.yml", 3, "hunter2!").reason == MARK


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pa/ss@word@host:8088", f"https://{MARK}@host:8088"),
        ("user:pass@host", f"{MARK}@host"),
        ("https://host/?token=abc", f"https://host/?{MARK}"),
        ("jane@example.com", "jane@example.com"),
        ("ftp://host", "ftp://host"),
    ],
)
def test_a_refused_url_shows_no_credentials(url: str, shown: str) -> None:
    """Whatever stands before its last `@`, and its query."""
    assert without_credentials(url) == shown
