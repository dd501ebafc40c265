"""Certificates, scripted servers and secrets, as tests of destinations have them."""

from __future__ import annotations

from tests.destinations.conftest import certificates, http, opened, secret_file

__all__ = ["certificates", "http", "opened", "secret_file"]
