"""Every block of settings in README and the documents is taken by the loader as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from agent.config.settings import Settings
from agent.config.settings_files import load
from agent.errors import SettingsError
from agent.sources.event_log_file.event_types import DEFAULT
from tests.documents.pages import CodeBlock, Page, pages

ORGS = """
orgs:
  - {name: acme, url: "https://acme.my.salesforce.com", auth: {type: client_credentials, client_id: k, client_secret: {env: S}}}
"""
DESTINATIONS = """
destinations:
  - {type: file, directory: out}
"""
"""What is put beside a part of a settings file."""

PAGES = {page.name: page for page in pages()}


def whole(block: CodeBlock) -> str:
    """The block as a settings file, with an org and a destination where it has none."""
    keys = yaml.safe_load(block.text)
    return block.text + (ORGS if "orgs" not in keys else "") + (DESTINATIONS if "destinations" not in keys else "")


def settings_blocks(page: Page) -> Iterator[CodeBlock]:
    """Blocks that are a mapping of nothing but keys of the settings file; indented ones have no language."""
    for block in page.blocks:
        if block.language in ("yaml", ""):
            try:
                document = yaml.safe_load(block.text)
            except yaml.YAMLError:
                continue
            if isinstance(document, dict) and document and document.keys() <= Settings.model_fields.keys():
                yield block


BLOCKS = {f"{name}:{block.line}": block for name, page in PAGES.items() for block in settings_blocks(page)}


@pytest.mark.parametrize("place", BLOCKS)
def test_a_block_of_settings_loads(place: str, tmp_path: Path) -> None:
    """Alone, or with an org and a destination beside it."""
    path = tmp_path / "leakline.yaml"
    path.write_text(whole(BLOCKS[place]))
    assert load(path).destinations


@pytest.mark.parametrize("place", BLOCKS)
def test_a_block_with_a_key_that_is_none_is_refused(place: str, tmp_path: Path) -> None:
    """So that the test above can fail: whatever key is misspelt, the loader says where."""
    document = yaml.safe_load(whole(BLOCKS[place]))
    first = next(iter(yaml.safe_load(BLOCKS[place].text)))
    within = document[first][0] if isinstance(document[first], list) else document[first]
    within["colour"] = "red"
    path = tmp_path / "leakline.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(SettingsError, match=rf"{first}.*colour"):
        load(path)


@pytest.mark.parametrize("name", PAGES)
def test_a_block_of_yaml_is_of_a_known_kind(name: str) -> None:
    """Settings, or a file with a name of its own, or a mapping file or a part of a rule on the pages that describe these."""
    described = {"mappings/README.md", "rules/README.md", "docs/mappings.md"}
    known = {block.line for block in settings_blocks(PAGES[name])}
    unknown = [
        block.line
        for block in PAGES[name].blocks
        if block.language == "yaml" and block.line not in known and not block.title
    ]
    assert unknown == [] or name in described


def test_the_two_blocks_of_the_readme_are_there() -> None:
    """A whole settings file of ten lines at most, and three more destinations."""
    first, second = settings_blocks(PAGES["README.md"])
    assert len(first.text.splitlines()) <= 10
    assert len(yaml.safe_load(second.text)["destinations"]) == 3


def test_the_types_that_are_read_are_listed() -> None:
    """The list of event types in docs/getting_started.md is the one in the code."""
    text = PAGES["docs/getting_started.md"].text.split("you set `event_types`:")[1].split("###")[0]
    assert sorted(re.findall(r"\w+", text)) == sorted(DEFAULT)
