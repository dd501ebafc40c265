"""Reports, dashboards, analytics: how data is read and how it leaves the screen."""

from __future__ import annotations

import polars as pl

from agent.simulator.rows.block import Block, Builder, Cells
from agent.simulator.rows.request import OBJECTS
from agent.simulator.world.record_id import long_ids, pool

EXPORT_SHARE = 0.03
"""Of all report runs."""

_VIEWED = {"ReportRunFromLightning": 60, "ReportRunFromClassic": 12, "DashboardComponentUpdated": 20, "ReportRunFromMobile": 4, "ReportPreviewed": 4}  # fmt: skip
_SCHEDULED = {"ReportScheduled": 6, "ReportRunUsingAsynchronousApi": 3, "ReportRunAndNotificationSent": 1}


def exported(block: Block) -> pl.Series:
    """Which report runs are exports; `ReportExport` has a row for each of them."""
    return block.random.whether("export", EXPORT_SHARE)


def _report_id(block: Block) -> pl.Series:
    """Ids of reports (`String`, 15 characters), the same draw for a run and its export."""
    return block.random.choice("report", pool("Report", 220))


def report(block: Block) -> Cells:
    random, export, ident = block.random, exported(block), _report_id(block)
    everyday, large = random.spread("row count", 1, 4000), random.spread("export rows", 10, 6000)
    return {
        "URI": block.join("/lightning/r/Report/", long_ids(ident), "/view"),
        "ENTITY_NAME": random.choice("entity", OBJECTS),
        "DISPLAY_TYPE": random.choice("display", {"S": 6, "D": 3, "H": 1}),
        "RENDERING_TYPE": block.pick(export, random.choice("file", {"C": 2, "X": 3}), random.choice("screen", {"W": 9, "J": 2, "E": 1})),
        "REPORT_ID": ident,
        "REPORT_ID_DERIVED": long_ids(ident),
        "ROW_COUNT": block.pick(export, large, everyday),
        "NUMBER_EXCEPTION_FILTERS": random.between("filters", 0, 4),
        "NUMBER_COLUMNS": random.between("columns", 4, 28),
        "UI_NUMBER_COLUMNS": random.between("columns", 4, 28),
        "AVERAGE_ROW_SIZE": random.spread("row size", 80, 900),
        "SORT": random.choice("sort", {"": 6, "CREATED_DATE": 2, "AMOUNT": 2}),
        "NUMBER_BUCKETS": random.choice("buckets", {"0": 9, "1": 1}),
        "ORIGIN": block.pick(export, "ReportExported", random.choice("origin", _VIEWED)),
    }  # fmt: skip


def report_export(block: Block) -> Cells:
    return {
        "URI": block.join("/", _report_id(block)),
        "CLIENT_INFO": block.actor["user_agent"],
        "REPORT_DESCRIPTION": block.random.choice("describes", {"": 7, "Weekly numbers": 2, "Öffnungszeiten Filialen": 1}),
    }  # fmt: skip


def async_report(block: Block) -> Cells:
    ident = block.random.choice("dashboard", pool("Dashboard", 40))
    return dict(report(block)) | {
        "RENDERING_TYPE": block.random.choice("rendering", {"E": 5, "J": 4, "C": 1}),
        "ORIGIN": block.random.choice("schedule", _SCHEDULED),
        "DASHBOARD_ID": block.pick(block.random.whether("of dashboard", 0.3), ident),
    }


def dashboard(block: Block) -> Cells:
    random = block.random
    ident, shown = random.choice("dashboard", pool("Dashboard", 40)), _report_id(block)
    return {
        "URI": block.join("/lightning/r/Dashboard/", long_ids(ident), "/view"),
        "DASHBOARD_COMPONENT_ID": random.choice("component", pool("DashboardComponent", 300)),
        "DASHBOARD_ID": ident,
        "DASHBOARD_ID_DERIVED": long_ids(ident),
        "REPORT_ID": shown,
        "REPORT_ID_DERIVED": long_ids(shown),
        "DASHBOARD_TYPE": random.choice("type", {"R": 6, "S": 3, "C": 1}),
        "IS_SCHEDULED": random.choice("scheduled", {"0": 9, "1": 1}),
        "VIEWING_USER_ID": block.actor["user_long"],
    }


def _analytics(block: Block) -> dict[str, pl.Series | str]:
    """Columns that the types of analytics share."""
    random = block.random
    return {
        "URI": "/analytics/wave/wave.apexp",
        "WAVE_SESSION_ID": block.join(block.actor["session_key"].str.slice(0, 8), "-wave"),
        "WAVE_TIMESTAMP": block.time.cast(pl.String),
        "TYPE": random.choice("type", ("dashboard", "lens", "app", "home")),
        "RECORD_ID": long_ids(random.choice("asset", pool("AnalyticsAsset", 60))),
        "VIEW_MODE": random.choice("mode", ("view", "edit", "explore")),
        "TAB_ID": random.between("tab", 1, 9),
    }


def wave_download(block: Block) -> Cells:
    random = block.random
    return _analytics(block) | {
        "ASSET_ID": long_ids(random.choice("asset", pool("AnalyticsAsset", 60))),
        "ASSET_TYPE": random.choice("asset type", ("Lens", "Dashboard")),
        "DATASET_IDS": long_ids(random.choice("dataset", pool("AnalyticsDataset", 20))),
        "DOWNLOAD_FORMAT": random.choice("format", {"csv": 5, "xls": 3, "png": 4}),
        "NUMBER_OF_RECORDS": random.spread("records", 1, 9000),
        "DOWNLOAD_ERROR": "",
    }


def wave_interaction(block: Block) -> Cells:
    random = block.random
    return _analytics(block) | {
        "TOTAL_TIME": random.spread("total", 300, 400_000),
        "READ_TIME": random.spread("read", 200, 300_000),
        "NUM_SESSIONS": random.between("count", 1, 4),
        "NUM_CLICKS": random.between("clicks", 0, 40),
    }


def wave_performance(block: Block) -> Cells:
    random = block.random
    return _analytics(block) | {
        "NAME": random.choice("name", ("Pipeline overview", "Service backlog", "Umsatz nach Region")),
        "EPT": random.spread("ept", 100, 9000),
        "IS_INITIAL": random.choice("initial", ("true", "false")),
    }


BUILDERS: dict[str, Builder] = {
    "Report": report,
    "ReportExport": report_export,
    "AsyncReportRun": async_report,
    "Dashboard": dashboard,
    "WaveDownload": wave_download,
    "WaveInteraction": wave_interaction,
    "WavePerformance": wave_performance,
}
