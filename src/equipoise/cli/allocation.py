"""`equipoise allocation T`: how well a trial's allocation balances, and how easily the next arm is guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from equipoise.cli.output import AsJson, Trial, print_json, print_table, progress, say

if TYPE_CHECKING:
    from equipoise.allocation.properties import Comparison
    from equipoise.protocol import Protocol

NAME = "allocation"
EXAMPLE = (
    "Examples: equipoise allocation jcog1017; equipoise allocation henan --sites 12 --participants 300;"
    " equipoise allocation breclim2 --replicates 5000 --json"
)


def run(
    trial: Trial,
    *,
    name: Annotated[
        str | None, typer.Option("--list", help="The allocation list; that of the first allocation if not said.")
    ] = None,
    replicates: Annotated[
        int, typer.Option("--replicates", min=2, max=1_000_000, help="How many trials of each method are simulated.")
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="Everything follows from it.")] = 1,
    participants: Annotated[
        int | None,
        typer.Option("--participants", min=1, max=1_000_000, help="How many; as in a rehearsal if not said."),
    ] = None,
    sites: Annotated[
        int | None, typer.Option("--sites", min=1, max=1000, help="How many; as in the assumptions if not said.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how well a trial's allocation balances its arms and how easily it is guessed, beside other methods."""
    from equipoise.protocol import load
    from equipoise.protocol.model.allocation import ClassifiedList

    protocol = load(trial)
    name = _list(protocol, name)
    if isinstance(protocol.allocation[name], ClassifiedList):
        meaning = "Arms follow a class, without chance: who knows the class knows the arm, and nothing is balanced."
        if as_json:
            print_json({"trial": protocol.id, "list": name, "methods": [], "meaning": meaning})
        else:
            say(meaning)
        return
    found = _compare(protocol, name, replicates=replicates, seed=seed, participants=participants, sites=sites)
    if as_json:
        print_json({"trial": protocol.id, "list": name, **found.to_dict()})
        return
    say(f"{found.title}. This trial: {found.rows[0].settings}.")
    columns, rows = found.table()
    print_table(columns, rows, right=frozenset(range(1, len(columns))))
    for line in (*found.notes, found.meaning):
        say(line)


def _list(protocol: Protocol, name: str | None) -> str:
    """The list that was asked for."""
    from equipoise.errors import DesignError

    if name is None:
        return protocol.allocation_step.list
    if name not in protocol.allocation:
        raise DesignError(f"{protocol.id} has no list '{name}'; it has {', '.join(protocol.allocation)}")
    return name


def _compare(
    protocol: Protocol, name: str, *, replicates: int, seed: int, participants: int | None, sites: int | None
) -> Comparison:
    from equipoise.allocation.properties import compare, usual_methods
    from equipoise.conduct.lists import method_of
    from equipoise.rehearsal.allocated import allocated_population

    method = method_of(protocol, name)
    with progress(f"rehearsing {protocol.id}") as advance:
        population = allocated_population(
            protocol, name, seed=seed, participants=participants, sites=sites, progress=advance
        )
    others = usual_methods(method.ratio, method.variables, sites=population.sites)
    methods = {"this trial": method, **{str(other): other for other in others if other != method}}
    with progress(f"allocating {population.participants:,} participants") as advance:
        return compare(methods, population, replicates=replicates, seed=seed, progress=advance)
