"""Three simulated orgs, each in a process of its own, and a daemon's settings for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from agent.demo.org_process import DAY, simulated_org
from agent.demo.verdict import Verdict, judge
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped
from agent.simulator.log_files.truth import read_truth
from tests.end_to_end.org_settings import document_for

NAMES = ("acme", "borealis", "cobalt")
EVENT_TYPES = (
    "Login", "Logout", "LoginAs", "API", "RestApi", "BulkApi2", "Report", "ReportExport", "URI", "AuraRequest",
    "ContentTransfer", "Search", "LightningPageView", "LightningInteraction",
)  # fmt: skip
"""A batch costs the same whatever it holds: fewer types, more kills for each of them."""


@contextmanager
def three_orgs(folder: Path, *, hours: int, rows: int) -> Iterator[Mapping[str, dict[str, str]]]:
    """What each says of itself, by its name in the settings. `hours` of history, `rows` of a whole day of each."""
    options = [*DAY, "--history", f"{hours}h", *(f"--event-type={name}" for name in EVENT_TYPES)]
    with ExitStack() as running, ThreadPoolExecutor() as starting:

        def start(number: int, name: str) -> dict[str, str]:
            return running.enter_context(simulated_org(folder / name, seed=3 + number, rows=rows, options=options))

        yield dict(zip(NAMES, starting.map(start, range(len(NAMES)), NAMES), strict=True))


def document_for_all(orgs: Mapping[str, dict[str, str]], folder: Path) -> dict[str, Any]:
    """See `document_for`: settings for all of them, with one file destination."""
    documents = {name: document_for(org, folder) for name, org in orgs.items()}
    document = documents[NAMES[0]]
    document["orgs"] = [{**documents[name]["orgs"][0], "name": name} for name in orgs]
    return document


def hourly_rows(org: dict[str, str]) -> int:
    """Rows of all its hourly files, those that stand in two of them twice."""
    return read_truth(Path(org["truth in"])).filter(pl.col("interval") == "Hourly").height


def written_by_org(files: list[Path], folder: Path) -> dict[str, Path]:
    """A file in `folder` for each org's id that lines of `files` name, with those lines."""
    lines: dict[str, list[bytes]] = {}
    for path in files:
        for line in path.read_bytes().splitlines(keepends=True):
            lines.setdefault(orjson.loads(line)["organization"]["id"], []).append(line)
    folder.mkdir()
    for org, own in lines.items():
        (folder / f"{org}.ndjson").write_bytes(b"".join(own))
    return {org: folder / f"{org}.ndjson" for org in lines}


def judge_each(orgs: Mapping[str, dict[str, str]], files: list[Path], folder: Path) -> dict[str, Verdict]:
    """By the org's name: whether what was written under its id are its own rows. `folder` is made for what is compared."""
    mappings, _ = load_mappings([shipped("mappings")])
    normalizer, written = Normalizer(mappings), written_by_org(files, folder)
    assert set(written) == {org["organization id"] for org in orgs.values()}
    return {
        name: judge(Path(org["truth in"]), [written[org["organization id"]]], [], normalizer)
        for name, org in orgs.items()
    }


def ids_in(path: Path) -> set[str]:
    """`event.id` of each line."""
    return {orjson.loads(line)["event"]["id"] for line in path.read_bytes().splitlines()}
