"""Ids and addresses that are one drill's alone: two drills share no user, session, job, app, address or event.

Ids keep their object's prefix, so that they look like what they are. Addresses are from the network that is set aside for
documentation (2001:db8::/32, RFC 3849): each of a script is in a /64 of its own, by which rules tell IPv6 networks apart, and no
database, list or firewall takes one for somebody's. That a rule would want more of an address than to be the same or another
one keeps a scenario out of the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

import polars as pl

from agent.normalize.vendor_identity import identify_named
from agent.simulator.world.record_id import PREFIXES, long_id

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID = re.compile(rf"({'|'.join(sorted(set(PREFIXES.values())))})Hs0([0-9A-Za-z]{{9}})(?:[A-Z0-5]{{3}})?")
"""An id of the simulated org, of 15 or 18 characters, wherever in a text."""
_DOCUMENTATION = int(IPv6Address("2001:db8::"))


class Disguise:
    """Of one drill; what it has once replaced it replaces alike ever after."""

    def __init__(self, drill: str) -> None:
        self._drill = drill
        self.number = int.from_bytes(blake2b(drill.encode(), digest_size=8).digest())
        """The drill's, of 64 bits."""
        self._addresses: dict[str, str] = {}

    @property
    def tag(self) -> str:
        """A few characters that tell the drill from others."""
        return f"{self.number:016x}"[:10]

    def worn(self, frame: pl.DataFrame, event_type: str) -> pl.DataFrame:
        """The raw frame with the drill's ids and addresses, and `event.id`."""
        columns = [pl.Series(name, self._cells(frame[name].to_list()), dtype=pl.String) for name in frame.columns]
        names = pl.Series([f"{self._drill}\x1f{row}" for row in range(frame.height)], dtype=pl.String)
        return pl.DataFrame([*columns, identify_named(names, self._drill, event_type).alias("event.id")])

    def _cells(self, cells: list[str | None]) -> Iterator[str | None]:
        known: dict[str | None, str | None] = {None: None}
        for cell in cells:
            if cell not in known and cell is not None:
                known[cell] = self.text(cell)
            yield known[cell]

    def text(self, text: str) -> str:
        """A cell's text with other ids, or another address."""
        if _is_address(text):
            return self._address(text)
        return _ID.sub(self._ident, text)

    def _ident(self, found: re.Match[str]) -> str:
        # The sum in base 62 is one to one, so that ids which differ still do.
        number = (
            sum(_ALPHABET.index(letter) * 62**place for place, letter in enumerate(reversed(found[2]))) + self.number
        ) % 62**9
        digits = "".join(_ALPHABET[number // 62**place % 62] for place in range(8, -1, -1))
        short = f"{found[1]}Hs0{digits}"
        return long_id(short) if len(found[0]) == 18 else short

    def _address(self, text: str) -> str:
        if text not in self._addresses:
            # 24 bits of the drill, then 8 that count its networks, then the one host in each.
            network = (self.number % (1 << 24)) << 8 | len(self._addresses) % (1 << 8)
            self._addresses[text] = str(IPv6Address(_DOCUMENTATION | network << 64 | 1))
        return self._addresses[text]


def _is_address(text: str) -> bool:
    if not 6 < len(text) < 46 or not ("." in text or ":" in text):
        return False
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
