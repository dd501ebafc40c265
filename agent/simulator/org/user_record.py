"""The user as a row of the User object."""

from __future__ import annotations

from agent.simulator.world.record_id import long_id, role_id
from agent.simulator.world.users import User

_LONG_AGO = "2025-01-14T10:05:00.000+0000"


def user_record(user: User, last_login: str) -> dict[str, object]:
    """The user as a row of the User object; `last_login` is a REST date-time."""
    given, _, family = user.name.partition(" ")
    person = user.kind in ("person", "admin")
    return {
        "Id": long_id(user.id),
        "Username": user.username,
        "Name": user.name,
        "FirstName": given if family else None,
        "LastName": family or given,
        "Email": user.email,
        "Alias": user.username[:8],
        "ProfileId": long_id(user.profile.id),
        "Profile.Name": user.profile.name,
        "UserRoleId": long_id(role_id(user.role)) if user.role else None,
        "UserRole.Name": user.role or None,
        "UserType": user.user_type,
        "IsActive": user.active,
        "Department": user.department or None,
        "Title": None,
        "Country": user.country,
        "FederationIdentifier": user.username.split("@")[0] if person else None,
        "LastLoginDate": (_LONG_AGO if user.dormant else last_login) if user.active else None,
        "TimeZoneSidKey": user.time_zone,
        "LocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        "CreatedDate": "2021-03-01T09:00:00.000+0000",
    }
