"""The seven roles."""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal["viewer", "auditor", "responder", "privacy", "approver", "admin", "service"]
"""Who somebody is to Leakline. `viewer` reads what has no personal data in it, `auditor` reads everything, `responder` handles
incidents, `privacy` judges them and approves, `approver` approves changes of settings, `admin` proposes those and looks after what
runs, `service` is a program: senders, and the service's own user.
"""

ROLES: tuple[Role, ...] = get_args(Role)

PEOPLE: frozenset[Role] = frozenset(ROLES) - {"service"}
"""Those that a group of people can have."""

APPROVING: frozenset[Role] = frozenset({"privacy", "approver"})
"""Whose votes count in a change."""
