"""docs/reference/settings.md: every key of the settings file, from the schema and the example file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from agent.cli.output.schemas import schema
from tests.config.settings_example import EXAMPLE, shown
from tests.reference.table import slug, table, written_by

Schema = Mapping[str, Any]

MOST_SHOWN = 3
"""Examples of more values are in the sections of these values."""

TITLES = {
    "SecretReference": "Secrets",
    "TlsSettings": "TLS",
    "ProxySettings": "Proxies",
    "RefusalSettings": "Refusals",
    "CefSettings": "CEF lines",
    "ValuesFile": "Files of values",
    "RuleAdjustment": "Adjustments of rules",
}
"""Groups that stand in several places, or under names that people choose."""

INTRODUCTION = """For authors of `leakline.yaml`. Keys that are *required* have to be there, all others may be left
out; then the default holds, or what the meaning says. A span of time is a number with `ms`, `s`, `m`, `h`, `d` or `w`:
`30s`, `10m`, `24h`. `leakline check -c leakline.yaml` says what is wrong in a file. `leakline schema settings` prints all
of this for editors and programs. [leakline.example.yaml](../../packaging/leakline.example.yaml) has every key in its place.
"""


@dataclass
class Section:
    """One group of settings: where it stands, and what it holds."""

    name: str
    """In the schema; empty for the whole file."""
    schema: Schema
    places: list[str] = field(default_factory=list)
    tag: str = ""
    """The `type` that the group belongs to."""

    @property
    def title(self) -> str:
        if self.name in TITLES:
            return TITLES[self.name]
        place = self.places[0].replace("[]", "")
        return f"{place}: {self.tag}" if self.tag else place

    def rank(self, setting: tuple[str, Any]) -> tuple[bool, bool, bool]:
        """What a group is known by, then what it needs, then the rest."""
        key = setting[0]
        return key != "type", key != "name", key not in self.schema.get("required", ())


@cache
def settings() -> Schema:
    """The schema of the settings file."""
    return schema("settings")


def page() -> str:
    found = settings()
    examples = {(example.component.__name__, example.key): example.value for example in shown(EXAMPLE.read_text())}
    parts = ["# Settings\n", written_by("the code and the example settings"), INTRODUCTION]
    titles = {section.name: section.title for section in sections(found)}
    for section in sections(found):
        parts.append(f"## {section.title}\n")
        if section.name:
            parts.append(f"{_meaning(section.schema)}\n")
        if section.name in TITLES:
            places = [place.replace("[]", "").replace("(", " (") for place in section.places]
            parts.append(f"Under {', '.join(f'`{place}`' for place in places)}.\n")
        rows = [
            _row(section, key, setting, examples.get((section.name or "Settings", key)), titles)
            for key, setting in sorted(section.schema["properties"].items(), key=section.rank)
        ]
        parts.append(table(("key", "what it takes", "default", "example", "meaning"), rows))
    return "\n".join(parts)


def sections(found: Schema) -> list[Section]:
    """Every group, each once, in the order in which the file has them."""
    whole = Section("", found, ["The whole file"])
    known = {"": whole}
    waiting = [(whole, "")]
    while waiting:
        section, path = waiting.pop(0)
        path = f"{path}({section.tag})" if section.tag else path
        for key, setting in section.schema["properties"].items():
            for name, tag, suffix in groups(setting, found):
                place = f"{path}.{key}{suffix}".removeprefix(".")
                if name not in known:
                    known[name] = Section(name, found["$defs"][name], tag=tag)
                    waiting.append((known[name], place))
                if place not in known[name].places:
                    known[name].places.append(place)
    return list(known.values())


def groups(setting: Schema, found: Schema, suffix: str = "") -> Iterator[tuple[str, str, str]]:
    """Groups that a setting may hold: name, tag, and what leads there from the key."""
    if "$ref" in setting:
        name = setting["$ref"].rpartition("/")[2]
        tag = found["$defs"][name]["properties"].get("type", {}).get("const", "")
        yield name, tag, suffix
    for keyword in ("anyOf", "oneOf", "allOf"):
        for part in setting.get(keyword, ()):
            yield from groups(part, found, suffix)
    if isinstance(setting.get("items"), dict):
        yield from groups(setting["items"], found, f"{suffix}[]")
    if isinstance(setting.get("additionalProperties"), dict):
        yield from groups(setting["additionalProperties"], found, f"{suffix}.NAME")


def _row(section: Section, key: str, setting: Schema, example: Any, titles: Mapping[str, str]) -> tuple[str, ...]:
    default = setting.get("default")
    if key in section.schema.get("required", ()):
        shown_default = "*required*"
    else:
        shown_default = f"`{_plain(default)}`" if default is not None else ""
    meaning = _meaning(setting)
    if not meaning:
        meaning = _meaning(settings()["$defs"][setting["$ref"].rpartition("/")[2]])
    nested = [part for part in _inside(example) if isinstance(part, dict | list)]
    most = 1 if isinstance(example, dict) else MOST_SHOWN
    is_plain = example not in (None, default, []) and not nested and len(_inside(example)) <= most
    return f"`{key}`", takes(setting, titles), shown_default, f"`{_plain(example)}`" if is_plain else "", meaning


def _inside(value: Any) -> list[Any]:
    """What a list or a mapping holds."""
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _meaning(setting: Schema) -> str:
    """Its first paragraph, on one line."""
    return " ".join(setting.get("description", "").split("\n\n")[0].split())


def takes(setting: Schema, titles: Mapping[str, str]) -> str:
    """The type of a setting with its bounds, in words. `titles`: of the sections, by the names of groups."""
    if "const" in setting:
        return f"`{setting['const']}`"
    if "enum" in setting:
        return " or ".join(f"`{word}`" for word in setting["enum"])
    if "$ref" in setting:
        title = titles[setting["$ref"].rpartition("/")[2]]
        return f"[{title}](#{slug(title)})"
    for keyword in ("anyOf", "oneOf", "allOf"):
        if keyword in setting:
            kinds = [takes(part, titles) for part in setting[keyword] if part.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    if setting["type"] == "array":
        least = ", at least one" if setting.get("minItems") else ""
        return f"list of {takes(setting['items'], titles)}{least}"
    if setting["type"] == "object":
        return f"`NAME:` {takes(setting['additionalProperties'], titles)}"
    return _TYPES[setting["type"]](setting)


def _number(setting: Schema) -> str:
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "more than",
        "maximum": "at most",
        "exclusiveMaximum": "less than",
    }
    bounds = " and ".join(f"{word} {setting[key]:,}" for key, word in words.items() if key in setting)
    kind = "whole number" if setting["type"] == "integer" else "number"
    return f"{kind}, {bounds}" if bounds else kind


def _text(setting: Schema) -> str:
    if "24h" in setting.get("examples", ()):
        bounds = ["more than 0"] if setting["pattern"].startswith("^(?=") else []
        bounds += [f"at most {setting['x-at-most']}"] if "x-at-most" in setting else []
        return ", ".join(["span of time", *bounds])
    pattern = setting.get("pattern", "")
    if pattern.startswith("^http"):
        return "URL"
    return "path" if setting.get("format") == "path" else _FORMS.get(pattern, "text")


def _truth(_: Schema) -> str:
    return "`true` or `false`"


_FORMS = {
    r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$": "name",
    r"^[0-9A-Fa-f:.]+(/[0-9.]+)?$": "address or network",
    r"^\d{2}\.0$": "text such as `66.0`",
    r"^[a-z0-9_.]{1,100}$": "text: up to 100 of a to z, 0 to 9, `_`, `.`",
    r"^[a-z0-9][a-z0-9_.-]*$": "text: a to z, 0 to 9, `_`, `.`, `-`",
}
"""What texts have a form, in words."""

_TYPES = {
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": _truth,
}


def _plain(value: Any) -> str:
    """As it is written in the settings file, on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return text.removesuffix("...\n").strip()
