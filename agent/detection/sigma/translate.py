"""pySigma's parsed condition to our tree (`agent.detection.condition.tree`)."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import polars as pl
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from agent.detection.condition.regex_dialect import crate
from agent.detection.condition.tree import (
    Comparison,
    Exists,
    Match,
    Network,
    Node,
    Null,
    Number,
    Reference,
    Regex,
    Test,
    Text,
    TimePart,
    Truth,
    both,
    either,
    folded,
    negated,
)
from agent.detection.sigma import size
from agent.detection.sigma.modifiers import NetworkPlaceholder

Placeholders = Mapping[str, Sequence[str]]
"""Placeholder name without the percent signs -> its values; `*` and `?` in them are wildcards."""

Piece = str | SpecialChars
ANY = SpecialChars.WILDCARD_MULTI
ONE = SpecialChars.WILDCARD_SINGLE


class UntranslatableError(ValueError):
    """A value that parses but that nothing can be compared with."""


def translate(parsed: object, placeholders: Placeholders) -> Node:
    """`parsed`: what `SigmaCondition.parsed` holds. Raises UntranslatableError."""
    match parsed:
        case ConditionAND():
            return both([translate(part, placeholders) for part in parsed.args])
        case ConditionOR():
            return either([translate(part, placeholders) for part in parsed.args])
        case ConditionNOT():
            return negated(translate(parsed.args[0], placeholders))
        case ConditionFieldEqualsValueExpression():
            return _match(parsed.field, parsed.value, placeholders)
        case ConditionValueExpression():
            return _match(None, parsed.value, placeholders)
        case _:
            raise UntranslatableError("the condition is empty")


def _match(field: str | None, value: object, placeholders: Placeholders) -> Node:
    match value:
        case SigmaExpansion():
            return either([_match(field, part, placeholders) for part in value.values])
        case SigmaString():
            cased = isinstance(value, SigmaCasedString)
            if not any(isinstance(piece, Placeholder) for piece in value.s):
                return Match(field, _text(field, value.s, cased=cased))  # type: ignore[arg-type]
            plain, texts = _plain(value.s, placeholders)
            whole = [Match(field, Text("equals" if field else "contains", _folded(plain, cased=cased), cased))]
            return either([*whole[: len(plain)], *(Match(field, _text(field, text, cased=cased)) for text in texts)])
        case SigmaRegularExpression():
            patterns = ["".join(_spelled(piece) for piece in text) for text in _expanded(value.regexp.s, placeholders)]
            _bounded(0, len(patterns))
            return either([Match(field, Regex(frozenset({_checked(_flags(value) + crate(p))}))) for p in patterns])
        case SigmaCompareExpression() if value.op is CompareOperators.NEQ:
            return negated(Match(field, _number(value.number, "eq")))
        case SigmaExists():
            exists = Match(field, Exists())
            return exists if value.exists else negated(exists)
        case NetworkPlaceholder():
            texts = _expanded(value.text.s, placeholders)
            return either([Match(field, _network(_named_network(text))) for text in texts])
        case SigmaNumber() | SigmaBool() if field is None and not isinstance(value, SigmaTimestampPart):
            return Match(None, Text("contains", frozenset({str(value).lower()})))
        case SigmaNull() | SigmaFieldReference() if field is None:
            raise UntranslatableError("null and fieldref compare one field, not the whole event")
        case _:
            return Match(field, _test(value))


def _test(value: object) -> Test:
    match value:
        case SigmaCompareExpression():
            return _number(value.number, _COMPARISONS[value.op])
        case SigmaNumber():
            return _number(value, "eq")
        case SigmaBool():
            return Truth(value.boolean)
        case SigmaNull():
            return Null()
        case SigmaCIDRExpression():
            return _network(value.network)
        case SigmaFieldReference():
            ends: dict[tuple[bool, bool], Reference] = {
                (False, False): Reference(value.field, "equals"),
                (True, False): Reference(value.field, "startswith"),
                (False, True): Reference(value.field, "endswith"),
                (True, True): Reference(value.field, "contains"),
            }
            return ends[value.starts_with, value.ends_with]
        case _:
            raise UntranslatableError(f"a value of the kind {type(value).__name__} cannot be compared with")


_COMPARISONS: dict[CompareOperators, Comparison] = {
    CompareOperators.LT: "lt",
    CompareOperators.LTE: "lte",
    CompareOperators.GT: "gt",
    CompareOperators.GTE: "gte",
}


def digits(address: IPv4Address | IPv6Address) -> str:
    """An address as its version and hexadecimal digits: they compare as text like the numbers they stand for."""
    return f"{address.version}{address.packed.hex()}"


MAPPED = int(IPv6Address("::ffff:0.0.0.0"))


def _network(network: IPv4Network | IPv6Network) -> Network:
    """An IPv4 network holds its addresses in the form they have in IPv6 (RFC 4291 section 2.5.5.2) as well."""
    ends = [(network.network_address, network.broadcast_address)]
    if isinstance(network, IPv4Network):
        first, last = (IPv6Address(MAPPED + int(address)) for address in ends[0])
        return Network(frozenset({_range(*ends[0]), _range(first, last)}))
    return Network(frozenset({_range(*ends[0])}))


def _range(first: IPv4Address | IPv6Address, last: IPv4Address | IPv6Address) -> tuple[str, str]:
    return digits(first), digits(last)


def _named_network(pieces: tuple[Piece, ...]) -> IPv4Network | IPv6Network:
    text = "".join(_spelled(piece) for piece in pieces)
    try:
        return ip_network(text)
    except ValueError as error:
        raise UntranslatableError(f"{text}, from a placeholder, is not a network in CIDR notation ({error})") from error


def _number(number: SigmaNumber, comparison: Comparison) -> Test:
    if isinstance(number, SigmaTimestampPart):
        return TimePart(number.timestamp_part.name.lower(), comparison, int(number.number))  # type: ignore[arg-type]
    return Number(comparison, number.number)


def _plain(parts: Sequence[object], placeholders: Placeholders) -> tuple[Sequence[str], Iterable[tuple[Piece, ...]]]:
    """The values of a placeholder that stands by itself and means what it says, all at once; and the other texts."""
    match parts:
        case [Placeholder(name)] if name in placeholders:
            values = placeholders[name]
            _bounded(len(values))
            plain = [value for value in values if value and not _SPECIAL.search(value)]
            rest = [tuple(SigmaString(value).s) for value in values if not value or _SPECIAL.search(value)]
            return plain, rest  # type: ignore[return-value]
    return [], _expanded(parts, placeholders)


_SPECIAL = re.compile(r"[*?\\]")


def _folded(values: Iterable[str], *, cased: bool) -> frozenset[str]:
    return frozenset(values if cased else map(folded, values))


def _expanded(parts: Sequence[object], placeholders: Placeholders) -> Iterator[tuple[Piece, ...]]:
    """Every text that `parts` stands for: placeholders are replaced by each of their values in turn."""
    names = [part.name for part in parts if isinstance(part, Placeholder)]
    for name in names:
        if name not in placeholders:
            raise UntranslatableError(f"the placeholder %{name}% has no values")
    _bounded(math.prod(len(placeholders[name]) for name in names))
    choices: list[list[tuple[Piece, ...]]] = []
    for part in parts:
        if isinstance(part, Placeholder):
            choices.append([tuple(SigmaString(value).s) for value in placeholders[part.name]])  # type: ignore[arg-type]
        else:
            choices.append([(part,)])  # type: ignore[list-item]
    for combination in itertools.product(*choices):
        yield tuple(itertools.chain.from_iterable(combination))


def _bounded(values: int, patterns: int = 0) -> None:
    if wrong := size.too_much(values, patterns):
        raise UntranslatableError(wrong)


def _text(field: str | None, pieces: Sequence[Piece], *, cased: bool) -> Test:
    if field is None:  # a keyword is looked for inside the values
        pieces = (ANY, *pieces, ANY)
    parts = [piece if cased or not isinstance(piece, str) else folded(piece) for piece in _joined(pieces)]
    if any(isinstance(part, str) and not part.isascii() and _LONE.search(part) for part in parts):
        raise UntranslatableError("the bytes of this text are not text; write base64 or base64offset next")
    match parts:
        case []:
            return Text("equals", frozenset({""}), cased)
        case [SpecialChars.WILDCARD_MULTI]:
            return Text("contains", frozenset({""}), cased)
        case [str(value)]:
            return Text("equals", frozenset({value}), cased)
        case [str(value), SpecialChars.WILDCARD_MULTI]:
            return Text("startswith", frozenset({value}), cased)
        case [SpecialChars.WILDCARD_MULTI, str(value)]:
            return Text("endswith", frozenset({value}), cased)
        case [SpecialChars.WILDCARD_MULTI, str(value), SpecialChars.WILDCARD_MULTI]:
            return Text("contains", frozenset({value}), cased)
        case _:
            return Text("like", frozenset({"(?s)^" + "".join(_pattern(part) for part in parts) + "$"}), cased)


_LONE = re.compile("[\ud800-\udfff]")


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbouring texts and neighbouring `*` as one; no empty texts."""
    joined: list[Piece] = []
    for piece in pieces:
        if piece == "":
            continue
        last = joined[-1] if joined else None
        if isinstance(piece, str) and isinstance(last, str):
            joined[-1] = last + piece
        elif not (piece is ANY and last is ANY):
            joined.append(piece)
    return joined


def _pattern(piece: Piece) -> str:
    return pl.escape_regex(piece) if isinstance(piece, str) else {ANY: ".*", ONE: "."}[piece]


def _spelled(piece: Piece) -> str:
    return piece if isinstance(piece, str) else {ANY: "*", ONE: "?"}[piece]


def _flags(value: SigmaRegularExpression) -> str:
    letters = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
    return f"(?{letters})" if letters else ""


def _checked(pattern: str) -> str:
    """The pattern, once the engine that will run it has taken it: RE2 knows a few forms that it does not."""
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        raise UntranslatableError(f"the regular expression {pattern} cannot be read") from error
    return pattern
