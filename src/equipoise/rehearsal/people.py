"""The synthetic people of a rehearsal: the trial opens with an administrator, who gives everybody their role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from equipoise.allocation import commitment
from equipoise.conduct import commands
from equipoise.conduct.permissions import ADMINISTRATOR
from equipoise.protocol import Protocol
from equipoise.protocol.model.pathway import Crossover
from equipoise.rehearsal.clock import Office, account_of


def open_trial(office: Office, day: date, seeds: Mapping[str, bytes], *, sites: int) -> None:
    """Open the trial, and grant the roles that the rehearsal acts in."""
    protocol = office.desk.protocol
    office.submit(
        commands.Open,
        day,
        role=ADMINISTRATOR,
        protocol_digest=protocol.digest,
        commitments={name: commitment(value) for name, value in seeds.items()},
        administrator=account_of(ADMINISTRATOR, None),
        printed_name=_printed(ADMINISTRATOR, None),
    )
    for role, site in _people(protocol, sites):
        office.submit(
            commands.Grant,
            day,
            role=ADMINISTRATOR,
            account=account_of(role, site),
            account_role=role,
            account_site=site,
            printed_name=_printed(role, site),
        )


def _people(protocol: Protocol, sites: int) -> Iterator[tuple[str, str | None]]:
    """The coordinating centre, and at each site an investigator, those who judge, and those who confirm a crossover."""
    yield "coordinator", None
    yield "statistician", None
    judges = [item.judgement for item in protocol.eligibility if item.judgement is not None]
    confirming = [step.judged_by for step in protocol.steps if isinstance(step, Crossover) and step.judged_by]
    for number in range(1, sites + 1):
        for role in dict.fromkeys(["investigator", *judges, *confirming]):
            yield role, f"S{number:02}"


def _printed(role: str, site: str | None) -> str:
    """The printed name of somebody who does not exist."""
    return f"Synthetic {account_of(role, site)}"
