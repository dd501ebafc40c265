"""What documents of the fuzz are made of: usual values, those that ask for too little, and what is no value of its kind."""

from __future__ import annotations

from typing import Any

from tests.notice.floors.yaml_text import Raw

JURISDICTIONS = (
    "eu",
    "uk",
    "ch",
    "tr",
    "za",
    "us",
    "us-ca",
    "us-ny",
    "us-tx",
    "us-fl",
    "ca",
    "ca-qc",
    "br",
    "in",
    "sg",
    "au",
    "jp",
    "kr",
    "cn",
    "my",
)
GENERIC = ("controller", "processor")
WORDS = (
    "owner",
    "maintainer",
    "business_associate",
    "financial_entity",
    "merchant",
    "pi_handler",
    "operator",
    "cii_operator",
    "bank",
    "business",
)
SECTORS = (
    "financial",
    "health",
    "listed_us",
    "essential_entity",
    "network_operator",
    "payment_cards",
    "banking",
    "product_manufacturer",
)
LEVELS = ("informational", "low", "medium", "high", "critical")
ZONES = (
    *(
        "Europe/Berlin",
        "Europe/Brussels",
        "Europe/Lisbon",
        "Atlantic/Azores",
        "Europe/London",
        "Europe/Kyiv",
        "UTC",
        "Etc/GMT+12",
    ),
    *("Etc/GMT-14", "Pacific/Midway", "Pacific/Kiritimati", "Pacific/Apia", "America/Los_Angeles", "America/New_York"),
    *(
        "America/Sao_Paulo",
        "America/St_Johns",
        "Asia/Kolkata",
        "Asia/Tokyo",
        "Asia/Kathmandu",
        "Asia/Tehran",
        "Africa/Cairo",
    ),
    *(
        "Australia/Sydney",
        "Australia/Lord_Howe",
        "Pacific/Chatham",
        "Antarctica/Troll",
        "America/Boa_Vista",
        "GMT",
        "EST5EDT",
    ),
)
"""A list of its own: with that of the machine a seed would be another document elsewhere."""

SPANS = ("1m", "15m", "1h", "4h", "6h", "12h", "24h", "1d")
LONG = (
    "25h",
    "36h",
    "72h",
    "3d",
    "4d",
    "1w",
    "30d",
    "90d",
    "8760h",
    "36525d",
    "52w",
    "259200s",
    "4320m",
    "259200001ms",
    "0.5w",
    "١٠٠h",
    "２００h",
)
ODD = (
    "0s",
    "0.0001ms",
    "1ms",
    "PT72H",
    "P3D",
    "-5m",
    "72 h",
    " 4d ",
    "72H",
    "3days",
    "1e3h",
    "99999999999999d",
    "",
    "3d12h",
    "one day",
)
NO_SPANS = (
    Raw("72"),
    Raw(".inf"),
    Raw(".nan"),
    Raw("!!float 72"),
    Raw("2026-11-27"),
    Raw("true"),
    Raw("~"),
    Raw("[72h]"),
    Raw("72:00:00"),
    Raw("0x48h"),
)
PLAIN = {"name": "ana", "channels": ["mail"]}
ALARMS: list[list[Any]] = [[0.5, 0.75, 0.9, 1.0], [0.25, 1], [0.75, 1], [0.1, 0.2, 1.0]]
LATE_ALARMS: list[list[Any]] = [
    [1.0],
    [0.9, 1],
    [0.76, 0.99, 1],
    [Raw(".nan"), 1],
    [0.5, Raw(".nan"), 1],
    [0.5, Raw(".inf")],
    [0.5, 2],
    [0, 1],
    [0.5],
    [],
    [Raw("'0.5'"), 1],
]
