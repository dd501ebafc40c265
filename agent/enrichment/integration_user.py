"""Is it a program's account, and does it come from where that program runs? By settings, else by what the org says.

Columns: `leakline.user_is_integration` and `leakline.ip_expected_for_user` (`Boolean`). Both are null where it is not
known, and the second is absent if no networks are named, so that no rule takes "not known" for "no".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_address

import polars as pl

from agent.enrichment.lookup_cache import LookupCache
from agent.enrichment.network_set import NetworkSet

INTEGRATION = "leakline.user_is_integration"
EXPECTED = "leakline.ip_expected_for_user"

_PATTERN = "pattern"
_ABOUT = ("user.id", "salesforce.user.type", "salesforce.user.profile", "salesforce.user.license", "user.name")
"""The name comes last: at a login it is what somebody typed, and may hold separators."""
_BETWEEN = "\x1f"
_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")

_MACHINE_TYPES = frozenset({"automatedprocess", "cloudintegrationuser"})
"""Values of User.UserType that no person has."""
_MACHINE_WORDS = re.compile(r"integration|api[ -]only")
"""In the names of Salesforce's own licence and profiles for integrations, and of most that orgs make for them."""


class IntegrationColumns:
    """Of one org: which accounts are programs, and whether their addresses are the expected ones.

    `users` and the keys of `networks` are ids, usernames, profiles or user types; `*` and `?` stand for any text. The
    first key that fits an account names its networks.
    """

    def __init__(self, users: Sequence[str], networks: Mapping[str, NetworkSet]) -> None:
        self._users = tuple(users)
        self._only_ids = bool(users) and all(_ID.fullmatch(pattern) for pattern in users)
        self._networks = networks
        self._accounts = LookupCache({INTEGRATION: pl.Boolean(), _PATTERN: pl.String()}, self._answers)
        self._expected = LookupCache(
            {EXPECTED: pl.Boolean()}, lambda keys: {key: (self._is_expected(key),) for key in keys}
        )

    def columns(self, columns: Mapping[str, pl.Series], addresses: pl.Series | None) -> dict[str, pl.Series]:
        """`columns`: those of the frame, by name, of which any may be missing. `addresses`: valid ones or null."""
        known = [columns.get(name) for name in _ABOUT]
        if known[0] is None and known[-1] is None:
            return {}
        answers = self._accounts.joined_columns(known, _BETWEEN)
        pattern = answers.pop(_PATTERN, None)
        if pattern is None or addresses is None:
            return answers
        pairs = pl.select(pl.concat_str(pl.lit(pattern), pl.lit(addresses), separator=_BETWEEN).alias("")).to_series()
        return answers | self._expected.columns(pairs)

    def _answers(self, keys: Sequence[str]) -> dict[str, tuple[bool | None, str | None]]:
        return {key: self._answer(_Account(*key.split(_BETWEEN, 4))) for key in keys}

    def _answer(self, account: _Account) -> tuple[bool | None, str | None]:
        pattern = next((pattern for pattern in self._networks if account.fits(pattern)), None)
        return self._is_integration(account), pattern

    def _is_integration(self, account: _Account) -> bool | None:
        if not account.user and not account.name:
            return None
        if self._users:
            if any(account.fits(pattern) for pattern in self._users):
                return True
            return False if account.profile or account.name or self._only_ids else None
        if account.type.lower() in _MACHINE_TYPES or _MACHINE_WORDS.search(
            f"{account.profile}\n{account.license}".lower()
        ):
            return True
        return False if account.profile else None

    def _is_expected(self, key: str) -> bool:
        pattern, address = key.split(_BETWEEN)
        return ip_address(address) in self._networks[pattern]


@dataclass(frozen=True, slots=True)
class _Account:
    """What is known of an account, in the order of `_ABOUT`; empty where nothing is."""

    user: str
    type: str
    profile: str
    license: str
    name: str

    def fits(self, pattern: str) -> bool:
        """Ids depend on case and are known by their first 15 characters; other words do not."""
        texts = (self.name, self.type, self.profile)
        return self.user[:15] == pattern[:15] or any(
            text and fnmatchcase(text.lower(), pattern.lower()) for text in texts
        )
