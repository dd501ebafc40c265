"""Links are signed: only what was signed is read, as it was signed."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.notice.links.token import LENGTH, LinkToken, digest, form_proof, is_form_proof, read, signed

KEY = bytes(range(32))
TOKENS = st.builds(
    LinkToken,
    st.from_regex(r"msg-[0-9a-f]{20}", fullmatch=True),
    st.from_regex(r"inc-[0-9a-f]{12}", fullmatch=True),
    st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC)).map(
        lambda at: at.replace(microsecond=0)
    ),
)


@given(TOKENS)
def test_what_is_signed_is_read_and_is_the_same_each_time(token: LinkToken) -> None:
    """72 characters that a URL may have, so that a message that is sent again has the link that it had."""
    text = signed(token, KEY)
    assert read(text, KEY) == token
    assert text == signed(token, KEY)
    assert len(text) == LENGTH
    assert text.replace("-", "").replace("_", "").isalnum()


@given(TOKENS, st.integers(0, LENGTH * 6 - 1))
def test_any_other_bit_is_refused(token: LinkToken, bit: int) -> None:
    """In the ids, the time and the signature: no character has a bit that says nothing."""
    data = bytearray(base64.urlsafe_b64decode(signed(token, KEY)))
    data[bit // 8] ^= 1 << bit % 8
    assert read(base64.urlsafe_b64encode(data).decode(), KEY) is None


@given(TOKENS, st.integers(0, LENGTH - 1), st.characters())
def test_any_other_character_is_refused(token: LinkToken, place: int, other: str) -> None:
    """Also one that other readers of base64 take for the same, such as `+` for `-`."""
    text = signed(token, KEY)
    changed = text[:place] + other + text[place + 1 :]
    assert (read(changed, KEY) is None) == (changed != text)


@given(st.text(max_size=80) | st.text("abcXYZ019-_=", min_size=LENGTH, max_size=LENGTH))
def test_what_nobody_signed_is_refused(text: str) -> None:
    """Of any length and alphabet."""
    assert read(text, KEY) is None


@given(TOKENS, st.binary(min_size=32, max_size=32).filter(lambda key: key != KEY))
def test_another_key_signs_another_link(token: LinkToken, other: bytes) -> None:
    """And its forms are another_text."""
    text = signed(token, KEY)
    assert read(text, other) is None
    assert not is_form_proof(form_proof(text, other), text, KEY)


@given(TOKENS, TOKENS)
def test_the_proof_of_a_form_is_that_of_its_link(token: LinkToken, other: LinkToken) -> None:
    """It is not what stands in the link, and not what another link has."""
    text, another_text = signed(token, KEY), signed(other, KEY)
    assert is_form_proof(form_proof(text, KEY), text, KEY)
    assert is_form_proof(form_proof(another_text, KEY), text, KEY) == (token == other)
    assert not is_form_proof(text, text, KEY)
    assert (digest(text) == digest(another_text)) == (token == other)


@pytest.mark.parametrize("message, incident", [("msg-1", "inc-0123456789ab"), ("msg-" + "0" * 20, "0123456789ab")])
def test_ids_of_another_form_are_not_signed(message: str, incident: str) -> None:
    """They would not be read as what they are."""
    with pytest.raises(ValueError, match="are not the ids"):
        signed(LinkToken(message, incident, datetime(2026, 11, 27, tzinfo=UTC)), KEY)
