"""Somebody downloads a library of files in a few minutes."""

from __future__ import annotations

from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

FILES = 140
ATTACHMENTS = 30


def plant(stage: Stage) -> None:
    """Content downloads with their sizes, then classic attachments; together more than a gigabyte."""
    person = stage.person("Marketing", "GB")
    session = stage.session(person, stage.at_hour(20) + 11 * 60_000, 30, stage.address("home", 0, person.country))
    stage.login(session)
    for number in range(FILES):
        document, version = (short_id(kind, 400_000 + number) for kind in ("ContentDocument", "ContentVersion"))
        stage.leave(
            "ContentTransfer", session, 40 + number * 3.6, TRANSACTION_TYPE="VersionDownloadAction",
            DOCUMENT_ID=document, DOCUMENT_ID_DERIVED=long_id(document), VERSION_ID=version,
            VERSION_ID_DERIVED=long_id(version), FILE_TYPE=("PDF", "EXCEL_X", "ZIP")[number % 3],
            SIZE_BYTES=str(stage.number(5_000_000, 28_000_000, "size", number)),
        )  # fmt: skip
    for number in range(ATTACHMENTS):
        stage.leave(
            "DocumentAttachmentDownloads", session, 560 + number * 2, FILE_TYPE="application/pdf",
            ENTITY_ID=short_id("Attachment", 610_000 + number),
        )  # fmt: skip


SCENARIO = Scenario(
    "mass_file_download",
    "a person downloads 140 files and 30 attachments in ten minutes",
    plant,
    signals=("ContentTransfer: TRANSACTION_TYPE VersionDownloadAction with a large SIZE_BYTES",),
    patterns=("more than 50 downloads by one user in ten minutes", "more than 1 GiB downloaded within an hour"),
)
