"""An administrator at work in Setup: whom the changes of these scenarios come from."""

from __future__ import annotations

from dataclasses import dataclass

from agent.simulator.records.permission_sets import PERMISSION_SETS, assignment, set_id
from agent.simulator.world.sessions import UserSession
from agent.simulator.world.stage import Stage
from agent.simulator.world.users import User

USERS = "Manage Users"
"""The section of the audit trail that most changes belong to."""


@dataclass(frozen=True, slots=True)
class AdminSession:
    """One login and what is done in it. `session.start`: milliseconds."""

    stage: Stage
    admin: User
    session: UserSession

    @classmethod
    def at(cls, stage: Stage, hour: int, minutes: int = 40) -> AdminSession:
        """Logged in at a UTC hour, from the own office."""
        admins = stage.staff.of("admin")
        admin = admins[stage.seed % min(3, len(admins))]
        session = stage.session(admin, stage.at_hour(hour) + 7 * 60_000, minutes, stage.own_address(admin))
        stage.login(session)
        return cls(stage, admin, session)

    def change(self, seconds: float, action: str, section: str, display: str) -> None:
        """A row of the setup audit trail, so many seconds after the login."""
        self.stage.change(seconds, self.session.start, self.admin, action, section, display)

    def grant(self, seconds: float, person: User, number: int, *, logged: bool = True) -> None:
        """A permission set (its place in `PERMISSION_SETS`) goes to a person."""
        label = PERMISSION_SETS[number]
        ident = self.stage.ident("PermissionSetAssignment", person.id, number)
        values = assignment(person, set_id(number), label)
        self.stage.keep(seconds, self.session.start, "PermissionSetAssignment", ident, values)
        if logged:
            display = f"Permission set {label}: assigned to user {person.name} (UserID: [{person.id}])"
            self.change(seconds, "PermSetAssign", USERS, display)
