"""Secrets are kept out of texts: whatever this process has sent, and whatever has a secret's form, reads `[redacted]`.

One register for the process. A secret enters it where it is read or obtained (`Secret.read`, the token endpoint);
`redact` is called where texts from outside come in: errors, reasons of dead letters, problems and own events, log
lines, findings of `check`, the control socket, the terminal. Rows of an org are no texts in this sense: they are
what Leakline ships, and are never altered.

How a secret is recognised: by its forms (as it is, and as others encode it), whole or from `PART` characters on of
any part of it, so that an echo that was cut leaks no more than a stump. Capitals do not matter.
"""

from __future__ import annotations

import base64
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TypeVar

from agent.redaction.secret_form import ANCHOR, LONGEST, forms, lower

Value = TypeVar("Value")

MARK = "[redacted]"

PART = 16
"""Characters of a longer form that are enough to be taken for it. An org's id has 15 and is how its tokens begin."""

MOST_GIVEN, MOST_OBTAINED = 256, 64
"""Secrets of the settings, and those that others gave us (tokens), the newest used; apart, so that an org that hands
out tokens without end makes nobody else's secret forgotten."""
MOST_CHARACTERS = 1 << 16
"""Of all that were obtained."""
MOST_SAME = 8
"""Forms looked at for one anchor: a token of one letter repeated must not cost much."""

_VALUE = r"[A-Za-z0-9._~+/=!%-]"

_BY_FORM = [
    (re.compile(pattern, re.IGNORECASE if ignore_case else 0), put)
    for pattern, put, ignore_case in (
        # A Salesforce session: the org's id, an exclamation mark, the session.
        (r"(?<![A-Za-z0-9])00D[A-Za-z0-9]{12,15}(?:!|%21)[A-Za-z0-9._]{20,}", MARK, False),
        # A JWT: three parts of base64url, the first of which begins with `{"`.
        (r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?", MARK, False),
        (rf"(authorization['\"]?\s?[:=]\s?['\"]?(?:[a-z]{{1,20}} )?+)(?!\[){_VALUE}{{4,}}", rf"\1{MARK}", True),
        (rf"\b(bearer|basic|splunk|apikey|oauth) (?=[^\s\d]*\d){_VALUE}{{12,}}", rf"\1 {MARK}", True),
        (rf"\b((?:client_secret|access_token|refresh_token|assertion|api_key|password)=)(?!\[){_VALUE}+", rf"\1{MARK}", True),
        # A link that acknowledges (`agent.notice.links`): receivers of messages repeat what they were sent
        (r"(acknowledge(?:\\*/|%(?:25)*2F|&#(?:x2F|47);))[A-Za-z0-9_-]{16,}", rf"\1{MARK}", True),
        # user:password@ of a URL
        (r"(?<=://)[^\s/?#@\"'<>\[\]]+@", f"{MARK}@", False),
    )
]  # fmt: skip


class _SecretForms:
    """The forms of all secrets, ready to be looked for. Not changed once made."""

    def __init__(self, secrets: Iterator[tuple[str, ...]]) -> None:
        words: set[str] = set()
        anchors: dict[str, list[tuple[str, int]]] = {}
        for of_one in secrets:
            for form in of_one:
                if len(form) < ANCHOR:
                    words.add(re.escape(form))
                    continue
                # Every 6th place will do: a part of 16 characters holds one of them whole.
                last = len(form) - ANCHOR if len(form) > PART else 0
                places = range(last // ANCHOR * ANCHOR, -1, -ANCHOR)
                for anchor, place in {form[place : place + ANCHOR]: place for place in places}.items():
                    same = anchors.setdefault(anchor, [])
                    if len(same) < MOST_SAME:
                        same.append((form, place))
        self._anchors: Mapping[str, list[tuple[str, int]]] = anchors
        alone = r"(?<![A-Za-z0-9])(?:%s)(?![A-Za-z0-9])"
        self._words = re.compile(alone % "|".join(sorted(words, key=len, reverse=True))) if words else None

    def without(self, text: str) -> str:
        if self._words is not None:
            text = self._words.sub(MARK, text)
        spans = list(self._spans(lower(text))) if self._anchors else []
        if not spans:
            return text
        pieces: list[str] = []
        end = 0
        for start, stop in spans:
            between = text[end:start]
            # Between the lines of one key, each encoded by itself, a few letters of it can be left over.
            if not (pieces and len(between) < ANCHOR and between.isalnum()):
                pieces += [between, MARK]
            end = stop
        return "".join([*pieces, text[end:]])

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """(start, end) of each secret in a text in lower case, in order, none of them overlapping."""
        anchors, free, place = self._anchors, 0, 0
        # Most texts hold none: this way they are gone through in half the time.
        if anchors.keys().isdisjoint([text[start : start + ANCHOR] for start in range(len(text) - ANCHOR + 1)]):
            return
        while place <= len(text) - ANCHOR:
            longest = (0, 0)
            for form, offset in anchors.get(text[place : place + ANCHOR], ()):
                start, stop = _same(form, offset, text, place, free)
                if stop - start >= min(PART, len(form)) and stop - start > longest[1] - longest[0]:
                    longest = start, stop
            if longest[1]:
                yield longest
                free = longest[1]
            place = max(place + 1, free)


def _same(form: str, offset: int, text: str, place: int, free: int) -> tuple[int, int]:
    """How far text and form agree around `place` and `offset`; nothing before `free`."""
    before = 0
    while before < min(offset, place - free) and form[offset - before - 1] == text[place - before - 1]:
        before += 1
    after = ANCHOR
    while after < min(len(form) - offset, len(text) - place) and form[offset + after] == text[place + after]:
        after += 1
    return place - before, place + after


class _SecretRegister:
    """Safe for threads."""

    def __init__(self) -> None:
        self._given: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._obtained: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._known: _SecretForms | None = None
        self._lock = threading.Lock()

    def add(self, secret: str, *, obtained: bool) -> None:
        secrets = self._obtained if obtained else self._given
        with self._lock:
            if secret in secrets:
                secrets.move_to_end(secret)
                return
            secrets[secret] = tuple(forms(secret))
            while len(self._given) > MOST_GIVEN:
                self._given.popitem(last=False)
            while len(self._obtained) > MOST_OBTAINED or sum(map(len, self._obtained)) > MOST_CHARACTERS:
                self._obtained.popitem(last=False)
            self._known = None

    def known(self) -> _SecretForms:
        with self._lock:
            if self._known is None:
                self._known = _SecretForms(iter([*self._given.values(), *self._obtained.values()]))
            return self._known

    def clear(self) -> None:
        with self._lock:
            self._given.clear()
            self._obtained.clear()
            self._known = None


_register = _SecretRegister()


def register(secret: str) -> None:
    """From now on `redact` keeps `secret` out of texts; for secrets of the settings."""
    if secret:
        _register.add(secret, obtained=False)


def register_obtained(secret: str) -> None:
    """The same for what another side gave us or we made for it: access and refresh tokens, signed assertions."""
    if secret:
        _register.add(secret[:LONGEST], obtained=True)


def register_basic(username: str, password: str) -> None:
    """The same for a password that travels as Basic credentials; needed for short ones, whose place in the base64
    of the pair cannot be told.
    """
    if password:
        register(password)
        register(base64.b64encode(f"{username}:{password}".encode()).decode())


def forget() -> None:
    """Empty the register; for tests."""
    _register.clear()


def redact(text: str) -> str:
    """`text` with every known secret, and all that has a secret's form, as `[redacted]`."""
    text = _register.known().without(text)
    for pattern, put in _BY_FORM:
        text = pattern.sub(put, text)
    return text


def redact_fields(fields: Mapping[str, Value]) -> dict[str, Value | str]:
    """The fields with their texts redacted."""
    return {name: redact(value) if isinstance(value, str) else value for name, value in fields.items()}


def without_credentials(text: str) -> str:
    """A refused setting that may be a URL: what stands before its last `@`, and its query, as `[redacted]`."""
    scheme, slashes, rest = text.partition("://")
    if not slashes:
        scheme, rest = "", text
    before, at, host = rest.rpartition("@")
    if at and (slashes or ":" in before):
        rest = MARK + at + host
    if slashes and "?" in rest:
        rest = rest.partition("?")[0] + "?" + MARK
    return scheme + slashes + rest


def excerpt(text: str, length: int) -> str:
    """The first `length` characters of a text from outside, redacted before it is cut."""
    # A secret that begins within `length` is redacted whole only if all of it is looked at.
    return redact(text[: length + LONGEST])[:length]
