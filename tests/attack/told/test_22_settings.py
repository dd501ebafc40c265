"""Settings that are wrong: refused in words, with the place and what to write, and never with a traceback."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.check.machine import require_startable
from agent.config.settings import parse
from agent.config.settings_files import load
from agent.errors import SettingsError

CANARY = "hunter2-canary"

SETTINGS: dict[str, Any] = {
    "orgs": [
        {
            "name": "acme",
            "url": "https://acme.my.salesforce.com",
            "auth": {"type": "client_credentials", "client_id": "key", "client_secret": {"env": "SECRET"}},
        }
    ],
    "destinations": [{"type": "file", "directory": "out"}],
    "state": {"directory": "state"},
}

Change = Callable[[dict[str, Any]], Any]


def changed(change: Change) -> dict[str, Any]:
    document = copy.deepcopy(SETTINGS)
    change(document)
    return document


def org(document: dict[str, Any]) -> dict[str, Any]:
    return document["orgs"][0]  # type: ignore[no-any-return]


def refused(document: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(document)
    return str(caught.value)


def another_org(**changes: Any) -> Change:
    return lambda d: d["orgs"].append(copy.deepcopy(org(d)) | {"name": "b"} | changes)


def destinations(*given: dict[str, Any]) -> Change:
    return lambda d: d.update(destinations=list(given))


def test_the_tags_come_from_the_union_at_that_place() -> None:
    """A missing `type` lists the kinds of what stands there: OAuth flows for `auth`, destinations for destinations."""
    flows = refused(changed(lambda d: org(d)["auth"].pop("type")))
    assert "orgs[0].auth: missing `type`; write one of jwt_bearer, client_credentials, refresh_token" in flows
    kinds = refused(changed(lambda d: d["destinations"][0].pop("type")))
    assert "destinations[0]: missing `type`; write one of file, splunk, elastic, syslog" in kinds


WRONG: list[tuple[Change, str]] = [
    # The same thing twice.
    (another_org(), "orgs: acme and b are the same org"),
    (another_org(url="https://ACME.my.salesforce.com:443"), "orgs: acme and b are the same org"),
    (
        destinations({"type": "file", "directory": "out"}, {"type": "file", "name": "b", "directory": "./x/../out"}),
        "destinations: file and b write to the same file",
    ),
    (destinations({"type": "file", "directory": "state"}), "into the state's own files"),
    (destinations({"type": "file", "directory": "state/orgs/acme/spool/x"}), "into the state's own files"),
    (destinations({"type": "file", "directory": "state/process"}), "into the state's own files"),
    (lambda d: org(d).update(sources=[{}, {}]), "two sources of type event_log_file would share one cursor"),
    # Spans of time that make no sense.
    (lambda d: org(d).update(sources=[{"every": "0s"}]), "orgs[0].sources[0].every: 0s is too short"),
    (lambda d: org(d).update(sources=[{"every": "2d"}]), "orgs[0].sources[0].every: 2d is too long"),
    (lambda d: org(d).update(timeout="0s"), "orgs[0].timeout: 0s is too short"),
    (lambda d: org(d).update(deadline="0s"), "orgs[0].deadline: 0s is too short"),
    (lambda d: org(d).update(sources=[{"start": "900000w"}]), "longer than a century"),
    (lambda d: d.update(rules={"fold": "0s"}), "rules.fold: 0s is too short"),
    (lambda d: d["destinations"][0].update(rotate_every="0s"), "destinations[0].rotate_every: 0s is too short"),
    # Names that become keys, labels and paths.
    *(
        (lambda d, name=name: org(d).update(name=name), "orgs[0].name: ")
        for name in ("a/b", "a b", "a\nb", "\x1b[31m", "", ".", "x" * 65, "ä", "agent", "detection")
    ),
    (lambda d: d["destinations"][0].update(name="../x"), "destinations[0].name: '../x' is not a usable name"),
    # Nothing to read.
    (lambda d: org(d).update(sources=[]), "orgs[0].sources: is empty; write at least one entry"),
    (lambda d: org(d).update(sources=[{"event_types": []}]), "event_types: is empty"),
    # Hosts and URLs that no connection could use.
    (lambda d: org(d).update(url="https://a..b"), "orgs[0].url: 'a..b' is not a host name"),
    (
        lambda d: org(d).update(url="https://acme:abc"),
        "orgs[0].url: 'https://acme:abc' is not a URL with a usable host and port",
    ),
    (lambda d: org(d).update(proxy={"url": "proxy"}), "orgs[0].proxy.url: 'proxy' is not the URL of a server"),
    (
        destinations({"type": "syslog", "host": "a..b", "port": 1}),
        "destinations[0].host: 'a..b' is not a host name",
    ),
    (lambda d: d.update(metrics={"port": 1, "address": "a b"}), "metrics.address: 'a b' is not a host name"),
    # Values of another kind.
    (lambda d: d.update(state={"directory": "/tmp/\0x"}), "state.directory: contains a control character"),
    (lambda d: d.update(rules=None), "rules: is empty; write a value, or remove the key"),
    (
        lambda d: org(d).update(sources=[{"event_types": 5}]),
        "event_types: 5 is not one of 'default' or 'all'; or: ",
    ),
    (
        lambda d: org(d).update(sources=[{"evry": "5m"}]),
        "sources[0].evry: there is no such setting; did you mean `every`?",
    ),
]


@pytest.mark.parametrize(("change", "words"), WRONG, ids=[f"{n} {words}" for n, (_, words) in enumerate(WRONG)])
def test_what_cannot_be_meant_is_refused(change: Change, words: str) -> None:
    """Each mistake ends in a line with its key path and what to write."""
    said = refused(changed(change))
    assert words in said
    assert len(said.splitlines()) == 1


LEAKING: list[Change] = [
    lambda d: org(d).update(auth=CANARY),
    lambda d: org(d)["auth"].update(client_secret=CANARY),
    lambda d: org(d)["auth"].update(client_secret={CANARY: None}),
    lambda d: org(d)["auth"].update(client_secret=[CANARY]),
    lambda d: org(d)["auth"].update(client_secret={"file": {CANARY: 1}}),
    lambda d: d["orgs"].append(CANARY),
    destinations({"type": "splunk", "url": f"https://u:{CANARY}@splunk", "token": {"env": "T"}}),
    destinations({"type": "splunk", "url": f"https://splunk?token={CANARY}", "token": {"env": "T"}}),
    lambda d: org(d).update(proxy={"url": f"http://u:{CANARY}@proxy:3128"}),
]


@pytest.mark.parametrize("change", LEAKING, ids=[str(number) for number in range(len(LEAKING))])
def test_no_message_repeats_a_secret(change: Change) -> None:
    """What was written where a secret is named, or into a URL, is not in the error."""
    assert CANARY not in refused(changed(change))


ALIASES = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


BOMBS = [
    (ALIASES, "more than 100,000 values"),
    ("[" * 500_000, "nested more than 32 levels deep"),
    ("orgs: " + "[" * 900 + "]" * 900, "nested more than 32 levels deep"),
    (
        "".join(f"a{n}: &a{n} [{'*a' + str(n - 1) if n else ''}]\n" for n in range(900)),
        "nested more than 32 levels",
    ),
    ("orgs: &a {orgs: *a}", "nested more than 32 levels deep"),
    ("x" * 2_000_000, "larger than 1 MB"),
    ("x: !!bool maybe", "not YAML"),
    ("x: !!timestamp soon", "not YAML"),
    ("x: !!int ''", "not YAML"),
    ("x: !!set {a, b}", "a tag is not allowed here"),
    (f"token: *{CANARY}", "found undefined alias"),
    (f"token: !{CANARY} x", "a tag is not allowed here"),
    (f"token: !!int '{CANARY}'", "not YAML"),
    (f"a: [1\ntoken: {CANARY}", "not YAML"),
]


@pytest.mark.parametrize(("text", "words"), BOMBS, ids=[f"{n} {words}" for n, (_, words) in enumerate(BOMBS)])
def test_yaml_bombs_end_in_words(text: str, words: str, tmp_path: Path) -> None:
    """Size, depth and number are bounded, whatever aliases and tags say; and the file's text is not shown."""
    path = tmp_path / "leakline.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert words in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"directory": "file"}, "state.directory: {folder}/file is a file, not a directory"),
        ({"directory": "file/below"}, "state.directory: {folder}/file is a file, not a directory"),
        ({"control_socket": "no/control.sock"}, "the folder {folder}/no does not exist"),
        ({"control_socket": "x" * 120}, "a socket path may have 107"),
        ({"control_socket": "file/control.sock"}, "{folder}/file is a file, not a folder"),
    ],
)
def test_paths_that_cannot_be_are_refused(state: dict[str, str], words: str, tmp_path: Path) -> None:
    """A state directory or control socket that cannot be is wrong configuration, before anything is opened."""
    with pytest.raises(SettingsError) as caught:
        require_startable(parse(SETTINGS | {"state": paths(tmp_path, state)}))
    assert words.format(folder=tmp_path) in str(caught.value)


def test_run_ends_with_78_where_the_state_cannot_be(tmp_path: Path) -> None:
    """The daemon says so in one line and is not started again, in place of a traceback."""
    settings = tmp_path / "leakline.yaml"
    settings.write_text(yaml.safe_dump(SETTINGS | {"state": paths(tmp_path, {"control_socket": "x" * 120})}))
    command = [sys.executable, "-m", "agent", "run", "-c", str(settings)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 78, ended.stderr
    assert "a socket path may have 107" in ended.stderr
    assert "Traceback" not in ended.stderr


def paths(folder: Path, state: dict[str, str]) -> dict[str, str]:
    """Settings of a state in a folder that also holds a plain file."""
    (folder / "file").write_text("")
    return {"directory": str(folder / "state")} | {key: str(folder / value) for key, value in state.items()}
