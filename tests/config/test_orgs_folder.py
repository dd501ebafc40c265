"""Orgs in files of a folder: what is read of it, and what is said of what does not load."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.config.orgs_folder import MOST_FILES
from agent.config.settings_file import LARGEST
from agent.config.settings_files import SettingsFiles, load, load_for_daemon, read_files
from agent.errors import SettingsError
from tests.config.test_settings import EXAMPLE, minimal


def org(name: str, **keys: Any) -> dict[str, Any]:
    auth = {"type": "client_credentials", "client_id": "key", "client_secret": {"env": "SECRET"}}
    return {"name": name, "url": f"https://{name}.my.salesforce.com", "auth": auth, **keys}


class Folder:
    """A settings file that names no org, with a folder of orgs beside it."""

    def __init__(self, path: Path) -> None:
        self.settings = path / "leakline.yaml"
        self.orgs = path / "orgs.d"
        self.orgs.mkdir()
        self.write_settings()

    def write_settings(self, **keys: Any) -> None:
        document = {**minimal(), "orgs": None, **keys}
        self.settings.write_text(yaml.safe_dump(document))

    def put(self, name: str, text: str | Mapping[str, Any]) -> Path:
        path = self.orgs / f"{name}.yaml"
        path.write_text(text if isinstance(text, str) else yaml.safe_dump(text, sort_keys=False))
        return path

    def read(self) -> SettingsFiles:
        return read_files(self.settings)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def names(files: SettingsFiles) -> list[str]:
    return [entry.name for entry in files.settings.orgs]


def test_each_file_is_an_org(folder: Folder) -> None:
    """Sorted by the file's name, behind those of the settings file; sources have the defaults of an entry."""
    folder.put("b", org("globex"))
    folder.put("a", org("initech", api_budget={"share": 0.5}))
    assert names(folder.read()) == ["initech", "globex"]
    folder.write_settings(orgs=[org("acme")])
    files = folder.read()
    assert names(files) == ["acme", "initech", "globex"]
    assert files.settings.orgs[1].api_budget.share == 0.5
    assert [source.type for source in files.settings.orgs[2].sources] == ["event_log_file"]
    assert files.failures == []


def test_temporary_and_foreign_files_are_not_read(folder: Folder) -> None:
    """What editors leave, notes and backups say nothing; a `.yml` may be meant, and is told."""
    folder.put("a", org("acme"))
    for name in (".a.yaml.swp", ".b.yaml", "a.yaml~", "a.yaml.bak", "#a.yaml#", "README"):
        (folder.orgs / name).write_text("orgs: [")
    assert names(folder.read()) == ["acme"]
    assert folder.read().failures == []
    (folder.orgs / "c.yml").write_text(yaml.safe_dump(org("globex")))
    (failure,) = folder.read().failures
    assert "c.yml:1: is not read: let its name end in .yaml" in failure.message


MISTAKES = {
    "name: b\nurl: https://b.my.salesforce.com\nauth: [\n": "b.yaml is not YAML",
    "": "b.yaml:1: is empty or not a mapping: write",
    "- name: b\n": "b.yaml:1: is empty or not a mapping",
    "\norgs:\n- name: b\n": "b.yaml:2: `orgs` is not a key of an org",
    yaml.safe_dump(org("b", timeout="soon"), sort_keys=False): "b.yaml:8: timeout: ",
    yaml.safe_dump(org("b", colour="red"), sort_keys=False): "b.yaml:8: colour: there is no such setting",
    yaml.safe_dump({**org("b"), "url": "http://b.my.salesforce.com"}, sort_keys=False): "b.yaml:2: url: ",
    yaml.safe_dump({"url": "https://b.my.salesforce.com"}): "b.yaml:1: name: this setting is required",
    yaml.safe_dump(
        org("b", sources=[{"type": "object", "every": "5m"}]), sort_keys=False
    ): "b.yaml:9: sources[0].object: ",
    "name: b\nname: c\n": "b.yaml:2: duplicate key `name`",
    yaml.safe_dump(org("acme"), sort_keys=False): "b.yaml:1: orgs: the name 'acme' is used twice",
    "#" * (LARGEST + 1): "b.yaml is larger than 1 MB",
}


@pytest.mark.parametrize("text", MISTAKES, ids=list(MISTAKES.values()))
def test_a_file_that_is_wrong_stops_no_other_org(folder: Folder, text: str) -> None:
    """It is left out and named, with its line; with no org besides, the settings are wrong."""
    folder.write_settings(orgs=[org("acme")])
    folder.put("b", text)
    folder.put("c", org("globex"))
    files = folder.read()
    assert names(files) == ["acme", "globex"]
    (failure,) = files.failures
    assert MISTAKES[text] in failure.message


def test_no_org_at_all_is_wrong(folder: Folder) -> None:
    """The message has every file that does not load; commands that speak to a daemon go on."""
    folder.put("a", "oops: [")
    folder.put("b", "")
    with pytest.raises(SettingsError, match=r"(?s)there is no org.*a\.yaml is not YAML.*b\.yaml:1: is empty"):
        load(folder.settings)
    assert load_for_daemon(folder.settings).orgs == []


def test_two_files_with_a_name_are_told_with_both(folder: Folder) -> None:
    """The first counts; so it is with two files of one org."""
    first, second = folder.put("a", org("acme")), folder.put("b", org("acme"))
    third = folder.put("c", {**org("globex"), "url": "https://acme.my.salesforce.com"})
    files = folder.read()
    assert names(files) == ["acme"]
    assert [failure.path for failure in files.failures] == [second, third]
    assert f"{second}:1: the name 'acme' is given in {first} too" in files.failures[0].message
    assert "acme and globex are the same org" in files.failures[1].message


def test_what_is_no_plain_file_is_told_and_holds_up_nothing(folder: Folder) -> None:
    """A pipe that nobody writes to, a folder, a link to nothing, a link to itself; a link to a file is followed."""
    folder.put("a", org("acme"))
    os.mkfifo(folder.orgs / "b.yaml")
    (folder.orgs / "c.yaml").mkdir()
    (folder.orgs / "d.yaml").symlink_to(folder.orgs / "nothing")
    (folder.orgs / "e.yaml").symlink_to(folder.orgs / "e.yaml")
    (folder.orgs / "f.yaml").symlink_to("/dev/zero")
    kept = folder.settings.parent / "globex.txt"
    kept.write_text(yaml.safe_dump(org("globex")))
    (folder.orgs / "g.yaml").symlink_to(kept)
    files = folder.read()
    assert names(files) == ["acme", "globex"]
    assert [failure.path.name for failure in files.failures] == [f"{letter}.yaml" for letter in "bcdef"]


def test_a_folder_that_is_no_folder_is_told(folder: Folder) -> None:
    """The orgs of the settings file are watched all the same."""
    folder.orgs.rmdir()
    folder.orgs.write_text("")
    folder.write_settings(orgs=[org("acme")])
    files = folder.read()
    assert names(files) == ["acme"]
    assert "orgs.d cannot be read (Not a directory)" in files.failures[0].message


def test_a_folder_has_so_many_orgs_at_most(folder: Folder) -> None:
    """The rest is told, not read."""
    folder.write_settings(orgs=[org("acme")])
    for number in range(MOST_FILES + 1):
        (folder.orgs / f"{number:05d}.yaml").touch()
    failures = folder.read().failures
    assert "more than 1,000 files" in failures[0].message
    assert len(failures) == 1 + MOST_FILES


def test_a_destination_names_an_org_of_the_folder(folder: Folder) -> None:
    """Also one whose file is not there now; an org that no destination takes is left out and told."""
    destination = {**minimal()["destinations"][0], "orgs": ["acme", "nobody"]}
    folder.write_settings(destinations=[destination])
    folder.put("a", org("acme"))
    folder.put("b", org("globex"))
    files = folder.read()
    assert names(files) == ["acme"]
    assert "b.yaml:1: destinations: none gets the events of the org globex" in files.failures[0].message
    folder.orgs.rename(folder.orgs.parent / "away")
    folder.write_settings(destinations=[destination], orgs=[org("acme")])
    with pytest.raises(SettingsError, match="names the org 'nobody'"):
        folder.read()


# Read again


def test_what_does_not_load_any_more_stays_as_it_was(folder: Folder) -> None:
    """A broken file keeps its org, a deleted one is gone, a new one is there; the file that loads again counts again."""
    folder.put("a", org("acme"))
    folder.put("b", org("globex"))
    before = folder.read()
    folder.put("a", "oops: [")
    folder.put("c", org("initech"))
    (folder.orgs / "b.yaml").unlink()
    files = before.read_again()
    assert names(files) == ["acme", "initech"]
    assert [failure.path.name for failure in files.failures] == ["a.yaml"]
    folder.put("a", org("acme", timeout="5s"))
    files = files.read_again()
    assert names(files) == ["acme", "initech"]
    assert files.settings.orgs[0].timeout.total_seconds() == 5
    assert files.failures == []


def test_a_file_that_becomes_a_double_keeps_its_org(folder: Folder) -> None:
    """The other file has it already, so the one that was changed counts as broken."""
    folder.put("a", org("acme"))
    folder.put("b", org("globex"))
    before = folder.read()
    folder.put("b", org("acme"))
    files = before.read_again()
    assert names(files) == ["acme", "globex"]
    assert [failure.path.name for failure in files.failures] == ["b.yaml"]


def test_a_folder_that_is_away_keeps_its_orgs(folder: Folder) -> None:
    """One that is empty has none: the last org stays nevertheless, and that is told."""
    path = folder.put("a", org("acme"))
    before = folder.read()
    folder.orgs.rename(folder.orgs.parent / "away")
    files = before.read_again()
    assert names(files) == ["acme"]
    assert "is missing: its orgs stay" in files.failures[0].message
    (folder.orgs.parent / "away").rename(folder.orgs)
    assert files.read_again().failures == []
    path.unlink()
    files = files.read_again()
    assert names(files) == ["acme"]
    assert "no org is left" in files.failures[0].message


def test_a_broken_settings_file_changes_nothing_of_its_own(folder: Folder) -> None:
    """Its orgs and the rest stay; the folder is read all the same."""
    folder.write_settings(orgs=[org("acme")])
    before = folder.read()
    folder.settings.write_text("orgs: [")
    folder.put("b", org("globex"))
    files = before.read_again()
    assert names(files) == ["acme", "globex"]
    assert [failure.path for failure in files.failures] == [folder.settings]
    folder.write_settings(orgs=[org("initech")])
    assert names(files.read_again()) == ["initech", "globex"]


def test_an_org_that_moves_between_files_is_the_same(folder: Folder) -> None:
    """From the settings file into the folder, and from file to file."""
    folder.write_settings(orgs=[org("acme")])
    before = folder.read()
    folder.write_settings()
    path = folder.put("a", org("acme"))
    files = before.read_again()
    assert files.settings.orgs == before.settings.orgs
    path.rename(folder.orgs / "z.yaml")
    assert files.read_again().settings.orgs == before.settings.orgs


def test_keys_that_need_a_restart_are_named(folder: Folder) -> None:
    """Each by its path, never by its value, until the file is as it was at the start."""
    folder.put("a", org("acme"))
    before = folder.read()
    assert before.read_again().restart_for == []
    splunk = {"type": "splunk", "url": "https://splunk.example.com:8088", "token": {"env": "TOKEN"}}
    folder.write_settings(metrics={"port": 9100}, destinations=[splunk])
    files = before.read_again()
    assert files.restart_for == ["destinations[0]", "metrics.port"]
    assert files.settings.destinations == before.settings.destinations
    folder.write_settings()
    assert files.read_again().restart_for == []


def test_the_example_of_an_org_is_well_formed(folder: Folder) -> None:
    """It loads as it is when it is copied into the folder."""
    example = EXAMPLE.parent / "org.example.yaml"
    folder.put("globex", example.read_text())
    files = folder.read()
    assert (names(files), files.failures) == (["globex"], [])
