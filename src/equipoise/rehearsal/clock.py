"""The office of a rehearsal: gives commands ids, times and accounts, so that the same seed gives the same bytes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from equipoise.conduct import Accepted, Decision, Desk

OFFICE_HOUR = time(9, tzinfo=UTC)


def account_of(role: str, site: str | None) -> str:
    """The synthetic account that acts in a role: one a role and site."""
    return role if site is None else f"{role} {site}"


class Office:
    """Submits commands to a desk, numbered in order and timed at nine in the morning."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._count = 0

    def submit(
        self,
        kind: Any,
        day: date,
        participant: str | None = None,
        *,
        role: str = "investigator",
        site: str | None = None,
        refusable: bool = False,
        **settings: Any,
    ) -> Decision:
        """Make one command and submit it; a refusal that is not foreseen is a defect and raises."""
        self._count += 1
        if participant is not None:
            settings |= {"participant": participant, "on": day}
        at = datetime.combine(day, OFFICE_HOUR)
        command = kind(id=f"r{self._count:06}", at=at, actor=account_of(role, site), role=role, site=site, **settings)
        return self.desk.submit(command) if refusable else self.desk.require(command)

    def accepted(self, *arguments: Any, **settings: Any) -> bool:
        """Submit a command that may be refused; whether it was accepted."""
        return isinstance(self.submit(*arguments, refusable=True, **settings), Accepted)
