"""Values that are secret by the name beside them, in whatever text they stand."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.redaction.redaction import MARK
from agent.redaction.secret_fields import DEPTH, SecretFields

SECRET = "s3cr3t9"
FIELDS = SecretFields(["IBAN", "tax number"])


@pytest.mark.parametrize(
    "name",
    ["password", "Client-Secret", "client_secret", "clientSecret", "apiKey", "X-Api-Key", "access_token", "refreshToken", "sessionId",
     "sid", "Authorization", "Set-Cookie", "X-Amz-Signature", "iban", "I.B.A.N.", "TaxNumber"],
)  # fmt: skip
def test_a_name_is_known_however_it_is_written(name: str) -> None:
    """Case and all that is not a letter or a digit do not matter."""
    assert FIELDS.is_secret(name)


@pytest.mark.parametrize(
    "name", ["name", "key", "code", "status", "tokenised", "secretary_name"[9:], "design", "", "---"]
)
def test_other_names_stay(name: str) -> None:
    """What is not secret is kept."""
    assert not FIELDS.is_secret(name)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"a": {"b": [{"password": SECRET}]}}),
        json.dumps({"inner": json.dumps({"password": SECRET})}),
        json.dumps({"inner": f"user=1&password={SECRET}"}),
        json.dumps({"password": {"value": SECRET}}),
        f'{{"a": 1, "password": "{SECRET}',
        f'{{"a": 1, "pass\\u0077ord": "{SECRET}',
        f"a=1&password={SECRET}&b=2",
        f"a=1&pass%77ord={SECRET}",
        f"<x><Password>{SECRET}</Password></x>",
        f"<x><ns:sessionId type='s'>{SECRET}</ns:sessionId></x>",
        f'<login password="{SECRET}"/>',
        f"POST / HTTP/1.1\r\nX-Api-Key: {SECRET}\r\nHost: h",
        f"login failed: password='{SECRET}' for user",
        f'said {{\\"password\\": \\"{SECRET}\\"}} twice',
        '[' * (DEPTH + 1) + f'{{"password": "{SECRET}"}}' + ']' * (DEPTH + 1),
    ],
)  # fmt: skip
def test_a_secret_is_taken_out_of_any_text(text: str) -> None:
    """JSON at any depth and in itself, whole or broken; forms, XML, headers, prose."""
    clean = FIELDS.text(text)
    assert SECRET not in clean
    assert MARK in clean


@pytest.mark.parametrize(
    "text",
    ['{"key": "Name", "value": "Ada"}', "a=1&b=2", "<name>Ada</name>", "Host: h.example", "duplicate value: key 5", "", "{", '{"a": '],
)  # fmt: skip
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    """To the letter."""
    assert FIELDS.text(text) == text


@pytest.mark.parametrize(
    "url",
    [
        f"https://user:{SECRET}@h.example/p",
        f"//u:{SECRET}@h.example/p",
        f"https://h.example/p?a=1&access_token={SECRET}",
        f"https://h.example/p?a=1&acc%65ss_token={SECRET}#x",
        f"https://h.example/p#access_token={SECRET}",
        f"https://h.example/p;jsessionid={SECRET}?a=1",
        f"https://h.example/p?sig={SECRET}&se=2026",
        f"https://h.example/cb?code={SECRET}",
        f"https://hooks.slack.com/services/T0/B0/{SECRET}",
        f"/p?iban={quote(SECRET)}",
    ],
)
def test_a_secret_is_taken_out_of_an_address(url: str) -> None:
    """Before the host, in query and fragment, and in paths that are known to be secrets."""
    assert SECRET not in FIELDS.url(url)


def test_an_address_without_secrets_stays_as_it_is() -> None:
    """With its query and its fragment."""
    url = "https://h.example:8443/a@b/c;v=1?q=SELECT+Id+FROM+Account&x=%2F#part=2"
    assert FIELDS.url(url) == url


_JSON = st.recursive(
    st.none() | st.integers(-9, 9) | st.text("abc ", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "name"]), inner, max_size=3),
    max_leaves=8,
)


@given(_JSON, st.sampled_from(["password", "api_key", "IBAN"]))
def test_wherever_it_stands_in_json(content: Any, name: str) -> None:
    """A secret is taken out and all else of the document is the same."""
    whole, clean = {"x": [content, {name: SECRET}]}, {"x": [content, {name: MARK}]}
    assert json.loads(FIELDS.text(json.dumps(whole))) == clean
