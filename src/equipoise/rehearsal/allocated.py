"""Who a list allocates: participants of a rehearsal, as a population that allocations can be simulated for."""

from __future__ import annotations

from typing import Any

from equipoise.allocation.population import SITE, Population
from equipoise.errors import DesignError
from equipoise.protocol import Protocol
from equipoise.protocol.checks.allocation import list_variables
from equipoise.rehearsal.run import Progress, rehearse

AFTER_ACCRUAL_MONTHS = 6.0
"""A rehearsal is cut off so long after the last registration; until then whoever is allocated has been."""


def allocated_population(
    protocol: Protocol,
    name: str,
    *,
    seed: int = 1,
    participants: int | None = None,
    sites: int | None = None,
    progress: Progress | None = None,
) -> Population:
    """The participants whom a list of the protocol allocates.

    With assumptions the trial is rehearsed once, and the population is of those whom the list allocated: so many, at
    the sites that accrual names, each with the levels of one of them. Without assumptions every combination of levels
    is equally likely.

    Args:
        protocol: the protocol.
        name: of a list with chance.
        seed: of the rehearsal.
        participants: how many, if not as many as in the rehearsal.
        sites: how many, if not as in the assumptions.
        progress: called with days done and days in all.

    Raises:
        DesignError: no assumptions, and no participants or sites given; or the rehearsal allocates nobody.
    """
    variables = [variable for variable in list_variables(protocol, name) if variable != SITE]
    if protocol.assumptions is None:
        if participants is None or sites is None:
            raise DesignError(
                f"{protocol.id} has no assumptions, so how many come to how many sites is open: "
                "add the section, or give participants and sites"
            )
        source = "as asked for; every combination of levels is equally likely"
        return Population(participants, sites, _every_combination(protocol, variables), source)
    rows = _rehearsed(protocol, name, seed, progress)
    if not rows:
        raise DesignError(f"a rehearsal of {protocol.id} allocates nobody from list '{name}': check its assumptions")
    known = protocol.assumptions.accrual
    source = f"{len(rows):,} allocated in a rehearsal of {known.participants:,} registered, seed {seed}"
    if participants is not None and participants != len(rows):
        source = f"{participants:,} as asked for, with the levels of {source}"
    levels = {variable: [row[variable] for row in rows] for variable in variables}
    return Population(participants or len(rows), sites or known.sites, levels, source)


def _rehearsed(protocol: Protocol, name: str, seed: int, progress: Progress | None) -> list[dict[str, str]]:
    """The levels of each participant whom the list allocates in a rehearsal."""
    assert protocol.assumptions is not None
    cut_off = min(protocol.assumptions.cut_off_months, AFTER_ACCRUAL_MONTHS)
    assumptions = protocol.assumptions.model_copy(update={"cut_off_months": cut_off})
    found = rehearse(protocol.model_copy(update={"assumptions": assumptions}), seed=seed, progress=progress)
    data: list[Any] = [entry.data for entry in found.journal if entry.kind == "allocate"]
    return [dict(item["levels"]) for item in data if item["list"] == name]


def _every_combination(protocol: Protocol, variables: list[str]) -> dict[str, list[str]]:
    """Each combination of levels once, by variable."""
    columns: dict[str, list[str]] = {}
    for variable in variables:
        declared = protocol.dictionary[variable]
        levels = ["true", "false"] if declared.type == "boolean" else list(declared.values or ())
        before = max((len(column) for column in columns.values()), default=1)
        columns = {key: [value for value in column for _ in levels] for key, column in columns.items()}
        columns[variable] = levels * before
    return columns
