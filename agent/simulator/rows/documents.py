"""Files: uploads, previews, downloads, shares, public links."""

from __future__ import annotations

import polars as pl

from agent.simulator.rows.block import Block, Builder, Cells
from agent.simulator.rows.request import record
from agent.simulator.world.record_id import long_ids, pool

_KINDS = {"PDF": 8, "EXCEL_X": 4, "WORD_X": 4, "PNG": 3, "POWER_POINT_X": 2, "CSV": 1, "UNKNOWN": 1}


def transfer(block: Block) -> Cells:
    random = block.random
    number = random.below("document", 3000)
    document, version = pool("ContentDocument", 3000).gather(number), pool("ContentVersion", 3000).gather(number)
    kinds = {"VersionDownloadAction": 30, "VersionDownloadApi": 8, "VersionRenditionDownload": 52, "saveVersion": 10}
    return {
        "TRANSACTION_TYPE": random.choice("transaction", kinds),
        "DOCUMENT_ID": document,
        "DOCUMENT_ID_DERIVED": long_ids(document),
        "VERSION_ID": version,
        "VERSION_ID_DERIVED": long_ids(version),
        "FILE_TYPE": random.choice("kind", _KINDS),
        "FILE_PREVIEW_TYPE": random.choice("preview", {"": 5, "THUMB720BY480": 3, "SVGZ": 1}),
        "SIZE_BYTES": random.spread("size", 4_000, 9_000_000),
    }


def link(block: Block) -> Cells:
    random = block.random
    return {
        "DOCUMENT_ID": random.choice("document", pool("ContentDocument", 3000)),
        "SHARED_WITH_ENTITY_ID": record(block),
        "SHARING_PERMISSION": random.choice("permission", {"V": 7, "C": 2, "I": 3}),
        "SHARING_OPERATION": random.choice("operation", {"INSERT": 8, "UPDATE": 1, "DELETE": 2}),
    }


def distribution(block: Block) -> Cells:
    random = block.random
    return {
        "DELIVERY_ID": random.choice("delivery", pool("ContentDistribution", 60)),
        "VERSION_ID": random.choice("document", pool("ContentVersion", 3000)),
        "RELATED_ENTITY_ID": record(block),
        "DELIVERY_LOCATION": random.choice("location", ("L", "E")),
        "ACTION": random.choice("action", {"VIEW": 7, "INSERT": 2, "UPDATE": 1}),
    }


def attachment_download(block: Block) -> Cells:
    random = block.random
    return {
        "ENTITY_ID": random.choice("attachment", pl.concat([pool("Attachment", 500), pool("Document", 120)])),
        "FILE_TYPE": random.choice("kind", ("application/pdf", "image/png", "text/csv", "application/zip")),
    }


BUILDERS: dict[str, Builder] = {
    "ContentTransfer": transfer,
    "ContentDocumentLink": link,
    "ContentDistribution": distribution,
    "DocumentAttachmentDownloads": attachment_download,
}
