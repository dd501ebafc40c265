"""Parsed rules kept from one start to the next."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import pytest

from agent.detection import rule_files
from agent.detection.load import load
from agent.detection.rule_set import RuleSet
from agent.detection.sigma import cache
from tests.detection.conftest import Write

RULES = {
    "one.yml": """
        title: One
        name: one
        tags: [attack.t1213.004]
        logsource: {product: salesforce, service: event_log_file}
        detection:
          s: {A: ['x*', 'y?z', q], B|re|i: '^a', C|cidr: 10.0.0.0/8, D|gte: 5, E|fieldref: F, G: null, H: true}
          k: [evil]
          t: {T|hour|gte: 22, X|exists: true, Y|cased|contains: Z}
          condition: s and not t or k
        leakline: {family: exfiltration, feed: free}
        """,
    "two.yml": """
        title: Two
        logsource: {product: salesforce}
        detection: {s: {A|expand: '%apps%'}, condition: s}
        ---
        title: A filter
        logsource: {product: salesforce}
        filter: {rules: any, s: {user: robot}, condition: not s}
        """,
    "derived.yml": """
        title: Many of them
        name: many
        date: 2026-01-31
        correlation: {type: event_count, rules: [one], group-by: [U], timespan: 1h, condition: {gte: 5}}
        ---
        title: More than usual
        logsource: {product: salesforce, service: event_log_file}
        baseline: {type: volume, rules: [one], group-by: [U], timespan: 1h, history: 14d, condition: {ratio: 5, gte: 9}}
        ---
        title: Of nothing
        correlation:
            type: event_count
            rules:
            - one
            - none
            timespan: 1h
            condition: {gte: 5}
        """,
    "wrong.yml": "title: Wrong\nlogsource: {product: salesforce}\ndetection: {s: {A|foo: x}, condition: s}",
}

PLACEHOLDERS = {"apps": ["a", "b*"]}


class WarmLoad(Protocol):
    """Loads once more, with other settings for `load` where they are given."""

    def __call__(self, **settings: Any) -> RuleSet: ...


@pytest.fixture
def folder(write: Write) -> Path:
    for name, text in RULES.items():
        write(f"rules/{name}", text)
    return write("rules/about.txt", "").parent


@pytest.fixture
def warm(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarmLoad:
    """Loads with the cache; the second time with nothing to parse with."""

    def again(**settings: Any) -> RuleSet:
        monkeypatch.setitem(sys.modules, "agent.detection.sigma.parse", None)
        return load([folder], **{"cache": tmp_path / "cache", "placeholders": PLACEHOLDERS, **settings})

    load([folder], placeholders=PLACEHOLDERS, cache=tmp_path / "cache")
    return again


def told(rules: RuleSet) -> tuple[object, ...]:
    return (
        rules.rules,
        rules.correlations,
        rules.baselines,
        [(str(error), error.path, error.line) for error in rules.errors],
    )


def test_what_is_remembered_is_what_was_read(folder: Path, warm: WarmLoad) -> None:
    """Rules, filters, correlations, baselines and errors with their lines, and no file is parsed."""
    rules = load([folder], placeholders=PLACEHOLDERS)
    expected = told(rules)
    assert (
        rules.correlations
        and rules.baselines
        and [error.line for error in rules.errors if "none" in str(error)] == [16]
    )
    assert told(warm()) == expected


def test_a_changed_file_is_read_again(folder: Path, warm: WarmLoad, tmp_path: Path) -> None:
    """And the others are not."""
    changed = folder / "one.yml"
    changed.write_text(changed.read_text().replace("title: One", "title: Uno"))
    with pytest.raises(ImportError):
        warm()


def test_a_start_of_the_service_uses_it_and_a_reload_does_not(folder: Path, warm: WarmLoad, tmp_path: Path) -> None:
    """What is known still notices that a placeholder has other values."""
    expected = told(load([folder], placeholders=PLACEHOLDERS))
    assert told(warm()) == expected  # from here on nothing can be parsed
    files = rule_files.RuleFiles()
    first = rule_files.read([folder], files, placeholders=PLACEHOLDERS, cache=tmp_path / "cache")
    assert told(first.rules) == expected
    again = rule_files.read([folder], first.files, placeholders=PLACEHOLDERS, cache=tmp_path / "cache")
    assert told(again.rules) == expected
    with pytest.raises(ImportError):
        rule_files.read([folder], first.files, placeholders={"apps": ["c"]}, cache=tmp_path / "cache")


def test_other_values_of_a_placeholder_are_another_rule(folder: Path, warm: WarmLoad) -> None:
    """The values are part of what was parsed."""
    with pytest.raises(ImportError):
        warm(placeholders={"apps": ["c"]})


@pytest.mark.parametrize("damage", [b"", b"\n{}", b"x" * 1000, None])
def test_a_damaged_cache_is_as_good_as_none(folder: Path, warm: WarmLoad, tmp_path: Path, damage: bytes | None) -> None:
    """Cut, emptied or altered: rules are read from their files, and remembered again."""
    (pack,) = (tmp_path / "cache").glob("*.json")
    good = pack.read_bytes()
    pack.write_bytes(good.replace(b'"gte",5', b'"gte",9') if damage is None else damage)
    expected = told(load([folder], placeholders=PLACEHOLDERS))
    assert told(load([folder], placeholders=PLACEHOLDERS, cache=tmp_path / "cache")) == expected
    assert pack.read_bytes() == good


def test_a_cache_that_others_may_write_is_not_believed(warm: WarmLoad, tmp_path: Path) -> None:
    """Rules that match nothing could be put there."""
    (pack,) = (tmp_path / "cache").glob("*.json")
    pack.chmod(0o666)
    with pytest.raises(ImportError):
        warm()


def test_without_a_place_to_write_rules_load_all_the_same(folder: Path, tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "cache").write_text("")
    rules = load([folder], placeholders=PLACEHOLDERS, cache=tmp_path / "cache")
    assert told(rules) == told(load([folder], placeholders=PLACEHOLDERS))


def test_what_nobody_uses_any_more_goes(write: Write, tmp_path: Path) -> None:
    """A removed file, and sets of folders beyond the newest few."""
    text = "title: T\nlogsource: {product: p}\ndetection: {s: {A: %d}, condition: s}\n"
    for number in range(cache.KEPT + 3):
        load([write(f"{number}/rule.yml", text % number).parent], cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == cache.KEPT
    pack = max((tmp_path / "cache").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    (tmp_path / str(cache.KEPT + 2) / "rule.yml").write_text(text % 99)
    load([tmp_path / str(cache.KEPT + 2)], cache=tmp_path / "cache")
    assert pack.read_bytes().count(b'"rules"') == 1


def test_a_warm_start_imports_nothing_of_pysigma(folder: Path, warm: WarmLoad, tmp_path: Path) -> None:
    """Nor YAML: that is most of what a start takes. Correlations and baselines are read with both."""
    (folder / "derived.yml").unlink()
    script = (
        "import sys; from pathlib import Path; from agent.detection.load import load;"
        f"rules = load([Path({str(folder)!r})], placeholders={PLACEHOLDERS!r}, cache=Path({str(tmp_path / 'cache')!r}));"
        "assert len(rules) == 2, rules; assert not {'sigma', 'yaml', 'pyparsing'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_all_code_that_parses_is_in_the_seal() -> None:
    """A room that rules are parsed with from now on has to be added; texts of errors may be those of an older version."""
    script = (
        "import sys, agent.detection.sigma.parse, agent.detection.sigma.cache_codec;"
        "print(*(module.__file__ for name, module in sys.modules.items() if name.startswith('agent.')), sep='\\n')"
    )
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    used = {Path(line) for line in output.splitlines()}
    outside = {path for path in used if not any(path.is_relative_to(folder) for folder in cache.MADE_BY)}
    agent = cache.MADE_BY[0].parent
    assert cache.MADE_BY[0] / "sigma" / "parse.py" in used
    assert all(path == agent / "errors.py" or path.is_relative_to(agent / "redaction") for path in outside), outside


def test_the_place_is_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the XDG base directory specification has it; nowhere for a user without a home."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache.directory() == Path("/somewhere/leakline/rules")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/eve")
    assert cache.directory() == Path("/home/eve/.cache/leakline/rules")
    monkeypatch.delenv("HOME")
    assert cache.directory() is None
