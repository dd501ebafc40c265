"""Rows of the setup audit trail and of the login history: the everyday ones beside those of the scenarios."""

from __future__ import annotations

from datetime import date

from agent.simulator.log_files.log_file import rest_time
from agent.simulator.org.objects import Record
from agent.simulator.world.random_columns import roll
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import DAY, UserSession, midnight
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import SetupChange

_EVERYDAY = (
    ("changedUserEmailVerifiedStatusVerified", "Manage Users", "Email verified for {0}"),
    ("PermSetAssign", "Manage Users", "Permission set Order Entry: assigned to user {0}"),
    ("resetpassword", "Manage Users", "Reset password for user {0}"),
    ("changedprofilepageaccess", "Manage Users", 'Changed page layout of profile "Custom: Sales User"'),
    ("createdcustomfield", "Customize Accounts", "Created custom field Territory Code"),
    ("changedApexClass", "Apex Class", "Changed OrderEntryController Apex Class code"),
    ("createdReportJob", "", "Scheduled report Weekly numbers"),
)


def everyday_changes(seed: int, staff: Staff, day: date) -> list[SetupChange]:
    """What administrators change on a day; several changes often fall into one second."""
    admins, people = staff.of("admin"), staff.of("person")
    made = []
    for number in range(14 if day.weekday() < 5 else 2):
        draw = roll(seed, "setup", day, number // 3)  # three at a time share their second
        own = roll(seed, "setup", day, number, "own")
        action, section, display = _EVERYDAY[own % len(_EVERYDAY)]
        time = midnight(day) + draw % DAY // 1000 * 1000
        display = display.format(people[own // 7 % len(people)].username)
        made.append(SetupChange(time, admins[draw % len(admins)], action, section, display))
    return made


def setup_record(change: SetupChange) -> Record:
    """The row of SetupAuditTrail."""
    number = roll("setup id", change.time, change.action, change.display, change.user.id) % 62**6
    return {
        "Id": long_id(short_id("SetupAuditTrail", number)),
        "Action": change.action,
        "Section": change.section or None,
        "Display": change.display,
        "CreatedDate": rest_time(change.time),
        "CreatedById": long_id(change.user.id),
        "CreatedBy.Username": change.user.username,
        "CreatedBy.Name": change.user.name,
        "DelegateUser": change.delegate or None,
        "CreatedByContext": None,
        "CreatedByIssuer": None,
        "ResponsibleNamespacePrefix": None,
        "SystemModstamp": rest_time(change.time),
    }


def login_record(session: UserSession, host: str) -> Record:
    """The row of LoginHistory for the login that a session began with."""
    program = session.login_type == "i"
    return {
        "Id": long_id(short_id("LoginHistory", roll("login id", session.login_key) % 62**7)),
        "UserId": session.user_long,
        "LoginTime": rest_time(session.start // 1000 * 1000),
        "LoginType": {"i": "Remote Access 2.0", "8": "SAML Sfdc Initiated SSO"}.get(session.login_type, "Application"),
        "LoginSubType": session.login_sub_type or None,
        "LoginUrl": host,
        "SourceIp": session.ip,
        "ForwardedForIp": None,
        "Status": "Success",
        "Browser": "Unknown" if program else f"{session.browser.title()} {session.browser_version}",
        "Platform": "Unknown" if program else f"{session.system.title()} {session.system_version}",
        "Application": session.application or "Browser",
        "ApiType": "REST" if program else "N/A",
        "ApiVersion": "66.0" if program else "N/A",
        "ClientVersion": session.client_name or "N/A",
        "CountryIso": session.country,
        "TlsProtocol": "TLS 1.3",
        "CipherSuite": "TLS_AES_256_GCM_SHA384",
        "AuthenticationServiceId": None,
    }
